using ChatBackend.Following;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Connections;

internal static class ConnectionsRegistration
{
    public static IServiceCollection AddChatConnections(this IServiceCollection services)
    {
        services.AddSection(options => options.Connections).ValidateDataAnnotations();
        services.AddSingleton<OutboxMemory>();
        services.AddSingleton<MessageRouter>();
        services.AddSingleton<IConnectionOutboxes>(provider => provider.GetRequiredService<MessageRouter>());
        services.AddSingleton(new FileDescriptors(FileDescriptors.OfThisProcess));
        services.AddSingleton<ConnectionLimit>();
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionLimit>());
        services.AddSingleton<LeftCommands>();
        services.AddSingleton<ChatEndpoint>();
        services.AddScoped<ConnectionContext>();
        services.AddScoped<Outbox>();
        services.AddScoped<AgentMessageHandler>();
        // The endpoint asks for it once; a fourth scoped service would double what each scope keeps its services in.
        services.AddTransient<ConnectionLoop>();
        services.AddHostedService<ConnectionSweep>();
        services.AddHostedService<ConnectionDrain>();
        return services;
    }
}
