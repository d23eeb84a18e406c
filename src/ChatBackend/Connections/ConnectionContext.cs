using System.Net.WebSockets;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;

namespace ChatBackend.Connections;

/// <summary>
/// What a connection's scope is about: its id, its socket, who is there. A scoped service; it counts the scope it
/// lives in, so that the gauge shows scopes that really exist.
/// </summary>
internal sealed class ConnectionContext : IDisposable
{
    private readonly ChatMetrics _metrics;

    public ConnectionContext(ChatMetrics metrics)
    {
        _metrics = metrics;
        metrics.ScopeOpened();
    }

    public ConnectionId Id { get; } = ConnectionId.New();

    public WebSocket Socket { get; private set; } = null!;

    /// <summary>Cancelled when the peer's end of the transport is gone.</summary>
    public CancellationToken PeerGone { get; private set; }

    /// <summary>Replaced by <c>authenticate</c>, never by another user's.</summary>
    public Session Session { get; set; }

    public void Attach(WebSocket socket, Session session, CancellationToken peerGone) => (Socket, Session, PeerGone) = (socket, session, peerGone);

    public void Dispose() => _metrics.ScopeClosed();
}
