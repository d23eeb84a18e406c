using ChatBackend.Following;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Connections;

internal static class ConnectionsRegistration
{
    /// <summary>First of what starts: with too few file descriptors every later step would fail, with a misleading reason.</summary>
    public static IServiceCollection AddConnectionLimit(this IServiceCollection services) => services
        .AddSingleton<ConnectionLimit>()
        .AddHostedService(provider => provider.GetRequiredService<ConnectionLimit>());

    public static IServiceCollection AddChatConnections(this IServiceCollection services)
    {
        services.AddSection(options => options.Connections).ValidateDataAnnotations();
        services.AddSingleton<OutboxMemory>();
        services.AddSingleton<MessageRouter>();
        services.AddSingleton<IConnectionOutboxes>(provider => provider.GetRequiredService<MessageRouter>());
        services.AddSingleton(new FileDescriptors(FileDescriptors.OfThisProcess));
        services.AddSingleton<LeftCommands>();
        services.AddSingleton<Greeting>();
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
