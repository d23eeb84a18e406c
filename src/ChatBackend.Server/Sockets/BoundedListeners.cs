using System.Net;
using ChatBackend.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ChatBackend.Server.Sockets;

/// <summary>Puts a bound around each of Kestrel's listeners.</summary>
internal sealed class BoundedListeners(IOptions<SocketTransportOptions> options, ILoggerFactory loggers, ConnectionLimit limit, TimeProvider clock)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _transport = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _transport.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new BoundedListener(await _transport.BindAsync(endpoint, cancellationToken), limit, clock, loggers.CreateLogger<BoundedListener>());
}

internal static class SocketsRegistration
{
    private const int Unupgraded = 100;

    public static void AddBoundedSockets(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IConnectionListenerFactory, BoundedListeners>();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<ConnectionLimit>((kestrel, limit) =>
        {
            // Sockets without an upgrade; the others are counted by ChatEndpoint. Health checks and scrapers keep theirs open.
            kestrel.Limits.MaxConcurrentConnections ??= limit.Connections + Unupgraded;
            kestrel.AddServerHeader = false;
        });
    }
}
