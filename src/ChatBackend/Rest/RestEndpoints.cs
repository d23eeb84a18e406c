using ChatBackend.Agents;
using ChatBackend.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Rest;

/// <summary>HTTP beside the WebSocket, for one user at a time. Every endpoint of the group goes through <see cref="ApiGuard"/>.</summary>
internal static class RestEndpoints
{
    public static IServiceCollection AddRest(this IServiceCollection services)
    {
        services.AddSingleton<PageCursors>();
        services.AddSingleton<ApiGuard>();
        services.AddRestDocument();
        return services;
    }

    public static void MapRest(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithGroupName(ChatApi.Group)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        ChatPath.WithChatPath(api, "api");
        var guard = routes.ServiceProvider.GetRequiredService<ApiGuard>();
        ((IEndpointConventionBuilder)api).Finally(guard.Guard);
        api.MapThreads();
        api.MapEvents();
        api.MapExport();
        api.MapResults();
        api.MapGet("/agents", Agents).Describe("list_agents", "The agents that a message may name.").Produces<AgentListView>();
        if (routes.ServiceProvider.GetService<Tickets>() is not null)
        {
            api.MapPost("/tickets", Ticket).Describe("create_ticket", "A ticket for one connection to /ws?ticket=, within 30 seconds.").Produces<TicketView>();
        }

        routes.MapRestDocument("/openapi/chat.json");
    }

    internal static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string operation, string summary) =>
        endpoint.WithMetadata(new ChatApi(operation)).WithSummary(summary).WithTags("Threads");

    private static JsonHttpResult<AgentListView> Agents(AgentCatalog agents) =>
        TypedResults.Json(new AgentListView([.. agents.Names.Select(name => AgentView.Of(name, agents.Details))]), RestJson.Default.AgentListView);

    private static JsonHttpResult<TicketView> Ticket(HttpContext http, Tickets tickets)
    {
        var (ticket, expiresAt) = tickets.Issue(RestSession.Of(http));
        return TypedResults.Json(new TicketView(ticket, RestTime.Of(expiresAt)), RestJson.Default.TicketView);
    }
}
