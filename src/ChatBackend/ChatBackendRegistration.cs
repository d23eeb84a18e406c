// PLACEHOLDER, to be replaced by the lead's file of the same surface: what of it stays is said at each line.
using ChatBackend.Identity;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace ChatBackend;

/// <summary>Adds the chat backend to an ASP.NET Core application.</summary>
public static class ChatBackendRegistration
{
    public static IHostApplicationBuilder AddChatBackend(this IHostApplicationBuilder builder)
    {
        builder.Services
            .AddIdentity(builder.Configuration) // stays
            .AddHealth();                       // stays
        builder.Services.TryAddSingleton<ChatMetrics>();
        builder.Services.AddHostedService<ReadyAtOnce>();
        return builder;
    }

    public static IEndpointRouteBuilder MapChatBackend(this IEndpointRouteBuilder routes)
    {
        routes.MapGuests(); // stays
        routes.MapHealth(); // stays
        return routes;
    }

    private sealed class ReadyAtOnce(Readiness readiness, ChatMetrics metrics) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            metrics.WatchHandlers(() => 0);
            readiness.Ready();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            readiness.Draining();
            return Task.CompletedTask;
        }
    }
}
