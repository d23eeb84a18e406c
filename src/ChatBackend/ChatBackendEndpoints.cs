using ChatBackend.Connections;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend;

/// <summary>Maps the chat backend's endpoints: all of them, or the parts apart.</summary>
public static class ChatBackendEndpoints
{
    // HTTP/2 opens a WebSocket with CONNECT.
    private static readonly string[] Upgrades = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>
    /// Maps the WebSocket at <c>/ws</c>, <c>/api</c> with its OpenAPI document at <c>/openapi/chat.json</c>, and <c>/health</c>. What is set on the result holds for
    /// all of them: <c>RequireAuthorization</c>, <c>RequireCors</c>, <c>RequireRateLimiting</c> and the like.
    /// </summary>
    /// <param name="prefix">What their paths begin with, as <c>/assistant</c>.</param>
    /// <exception cref="InvalidOperationException"><see cref="ChatBackendServiceCollectionExtensions.AddChatBackend"/> was not called.</exception>
    public static IEndpointConventionBuilder MapChatBackend(this IEndpointRouteBuilder routes, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(routes);
        var all = routes.MapGroup(prefix);
        all.MapChatSocket();
        all.MapChatApi();
        all.MapChatHealth();
        return all;
    }

    /// <summary>Maps the WebSocket at <c>/ws</c>.</summary>
    /// <inheritdoc cref="MapChatBackend" path="/exception"/>
    public static IEndpointConventionBuilder MapChatSocket(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var endpoint = routes.Registered<ChatEndpoint>();
        var upgrade = routes.CreateApplicationBuilder().UseWebSockets();
        upgrade.Run(endpoint.HandleAsync);
        return ChatPath.WithChatPath(routes.MapMethods(ChatProtocol.Path, Upgrades, upgrade.Build()), ChatProtocol.Path[1..])
            .DisableRequestTimeout();
    }

    /// <summary>Maps what goes over HTTP beside the WebSocket: <c>/api</c>, with the endpoints of the sign-ins that were added, and <c>/openapi/chat.json</c>.</summary>
    /// <inheritdoc cref="MapChatBackend" path="/exception"/>
    public static IEndpointConventionBuilder MapChatApi(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        routes.Registered<ApiGuard>();
        var all = routes.MapGroup("");
        all.MapGuests();
        all.MapRest();
        return all;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    /// <inheritdoc cref="MapChatBackend" path="/exception"/>
    public static IEndpointConventionBuilder MapChatHealth(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        routes.Registered<Readiness>();
        return routes.MapHealth();
    }

    private static TService Registered<TService>(this IEndpointRouteBuilder routes)
        where TService : class =>
        routes.ServiceProvider.GetService<TService>() ?? throw new InvalidOperationException("Call builder.Services.AddChatBackend() before the chat backend is mapped.");
}
