using ChatBackend.Agents;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Rest;
using ChatBackend.Runs;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Telemetry;
using ChatBackend.Threads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatBackend;

/// <summary>What <see cref="ChatBackendServiceCollectionExtensions.AddChatBackend"/> returns: agents, tools and hooks are added to it.</summary>
public interface IChatBackendBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}

/// <summary>Puts the chat backend into an application.</summary>
public static class ChatBackendServiceCollectionExtensions
{
    /// <summary>
    /// Registers the chat backend, with an Orleans silo in the process; an application that has a silo adds it before, and it is used. Settings are read from the application's configuration when the host
    /// starts; what is wrong in them ends the start with a sentence that names the setting. May be called again: only <paramref name="configure"/> is added then.
    /// </summary>
    /// <param name="configure">Sets what configuration can set, and wins over it.</param>
    public static IChatBackendBuilder AddChatBackend(this IServiceCollection services, Action<ChatBackendOptions>? configure = null)
    {
        var builder = new ChatBackendBuilder(services);
        if (!services.Any(service => service.ServiceType == typeof(Registered)))
        {
            services.AddSingleton<Registered>();
            services.TryAddSingleton(TimeProvider.System);
            services.AddTelemetry();
            services.AddHealth();
            services.AddConnectionLimit();
            services.AddSqliteStorage();
            services.AddKeysCheck();
            services.AddStoreMetrics();
            services.AddIdentity();
            services.AddAgents();
            services.AddEmbeddedSilo<ThreadOptions>(threads => threads.CallTimeout);
            services.AddRuns();
            services.AddFollowing();
            services.AddThreads();
            services.AddChatConnections();
            services.AddRest();
        }

        if (configure is not null)
        {
            services.Configure(configure);
        }

        return builder;
    }

    private sealed class ChatBackendBuilder(IServiceCollection services) : IChatBackendBuilder
    {
        public IServiceCollection Services => services;
    }

    private sealed class Registered;
}
