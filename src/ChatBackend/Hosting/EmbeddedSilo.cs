using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace ChatBackend.Hosting;

/// <summary>The Orleans silo in this process: the application's, where it has one before the chat backend is added, else one of our own.</summary>
internal static class EmbeddedSilo
{
    /// <param name="callTimeout">How long a call of a grain may take.</param>
    public static IServiceCollection AddEmbeddedSilo<TOptions>(this IServiceCollection services, Func<TOptions, TimeSpan> callTimeout)
        where TOptions : class =>
        services.Any(service => service.ServiceType == typeof(ILocalSiloDetails)) ? services : services.AddOrleans(silo => Configure(silo, callTimeout));

    private static void Configure<TOptions>(ISiloBuilder silo, Func<TOptions, TimeSpan> callTimeout)
        where TOptions : class
    {
        // One silo, which nothing connects to: its address is only its name, the same in every copy. Orleans must listen all the same, so it does
        // on a port that the system chooses while it binds, on loopback and without a gateway: copies run beside one another.
        var name = new IPEndPoint(IPAddress.Loopback, EndpointOptions.DEFAULT_SILO_PORT);
        silo.UseDevelopmentClustering(name);
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("embedded", "chat"));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (name.Address, name.Port, 0);
            endpoint.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 0);
        });
        // There is no other silo to watch. Orleans compares the silo's start by the system's clock with the application's clock: where that one is an hour ahead,
        // a silo that stops can take itself for dead, and ends the process at once (decision 0002).
        silo.Configure<ClusterMembershipOptions>(membership => membership.LivenessEnabled = false);
        // The only silo has the whole directory itself. A cache of it would keep an entry for every thread that was ever open, and
        // another one, which is not used, reserves room for its size.
        silo.Configure<GrainDirectoryOptions>(
            directory => (directory.CachingStrategy, directory.CacheSize) = (GrainDirectoryOptions.CachingStrategyType.None, 1000));
        silo.Services.AddOptions<SiloMessagingOptions>().Configure<IOptions<TOptions>>(
            (messaging, options) => messaging.ResponseTimeout = callTimeout(options.Value));
    }
}
