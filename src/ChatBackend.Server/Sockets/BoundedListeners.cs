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
    public static void AddBoundedSockets(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IConnectionListenerFactory, BoundedListeners>();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
    }
}
