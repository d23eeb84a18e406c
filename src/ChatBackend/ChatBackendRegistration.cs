using System.Net;
using System.Net.Sockets;
using ChatBackend.Agents;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Rest;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Telemetry;
using ChatBackend.Threads;
using ChatBackend.Threads.Maintenance;
using ChatBackend.Threads.Publishing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace ChatBackend;

/// <summary>Puts the chat backend into an ASP.NET Core application.</summary>
public static class ChatBackendRegistration
{
    /// <summary>Registers everything, with an Orleans silo in the process. Configuration is read from the builder's.</summary>
    public static IHostApplicationBuilder AddChatBackend(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<ChatMetrics>();
        services.AddSingleton<Refusals>();
        services.AddHealth();
        services.AddSqliteStorage(builder.Configuration);
        services.AddKeysCheck();
        services.AddStoreMetrics();
        services.AddIdentity(builder.Configuration);
        services.AddAgents(builder.Configuration);
        builder.AddEmbeddedSilo();
        services.AddRuns();
        services.AddThreads();
        services.AddConnections();
        services.AddRest();
        return builder;
    }

    /// <summary>Maps <c>/ws</c>, <c>/api</c>, <c>/openapi/v1.json</c> and <c>/health</c>, and switches WebSockets on.</summary>
    /// <exception cref="InvalidOperationException"><see cref="AddChatBackend"/> was not called.</exception>
    public static WebApplication MapChatBackend(this WebApplication app)
    {
        var endpoint = app.Services.GetService<ChatEndpoint>()
            ?? throw new InvalidOperationException("Call builder.AddChatBackend() before app.MapChatBackend().");
        app.UseWebSockets();
        // HTTP/2 opens a WebSocket with CONNECT.
        app.MapMethods(ChatProtocol.Path, [HttpMethods.Get, HttpMethods.Connect], endpoint.HandleAsync);
        app.MapGuests();
        app.MapRest();
        app.MapHealth();
        return app;
    }

    private static void AddEmbeddedSilo(this IHostApplicationBuilder builder) => builder.UseOrleans(silo =>
    {
        // One silo, loopback only, on a free port and without a gateway: copies run beside one another.
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        silo.UseDevelopmentClustering(address);
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("embedded", "chat"));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (address.Address, address.Port, 0);
            endpoint.SiloListeningEndpoint = address;
        });
        // The only silo has the whole directory itself. A cache of it would keep an entry for every thread that was ever open, and
        // another one, which is not used, reserves room for its size.
        silo.Configure<GrainDirectoryOptions>(
            directory => (directory.CachingStrategy, directory.CacheSize) = (GrainDirectoryOptions.CachingStrategyType.None, 1000));
        silo.Services.AddOptions<SiloMessagingOptions>().Configure<Microsoft.Extensions.Options.IOptions<ThreadOptions>>(
            (messaging, threads) => messaging.ResponseTimeout = threads.Value.CallTimeout);
    });

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static void AddRuns(this IServiceCollection services)
    {
        services.AddOptions<RunOptions>().BindConfiguration("Runs").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ActiveRuns>();
        services.AddSingleton<ChatHistoryCache>();
        services.AddHostedService(provider => provider.GetRequiredService<ChatHistoryCache>());
        services.AddScoped<RunContext>();
        services.AddScoped<ChatHistoryBuilder>();
    }

    private static void AddThreads(this IServiceCollection services)
    {
        services.AddOptions<ThreadOptions>().BindConfiguration("Threads").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LocalNode>();
        services.AddSingleton<ThreadSubscriptions>();
        services.AddHostedService(provider => provider.GetRequiredService<ThreadSubscriptions>());
        services.AddSingleton<Quarantine>();
        services.AddSingleton<OpenWorkRecovery>();
        services.AddHostedService(provider => provider.GetRequiredService<OpenWorkRecovery>());
        services.AddSingleton<Erasure>();
        services.AddHostedService(provider => provider.GetRequiredService<Erasure>());
        services.AddSingleton<Retention>();
        services.AddHostedService(provider => provider.GetRequiredService<Retention>());
    }

    private static void AddConnections(this IServiceCollection services)
    {
        services.AddOptions<Connections.ConnectionOptions>().BindConfiguration("Connections").ValidateDataAnnotations().ValidateOnStart();
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
        // Drain, close and end runs take up to 8 s; what is not over by then is adopted at the next start.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));
    }
}
