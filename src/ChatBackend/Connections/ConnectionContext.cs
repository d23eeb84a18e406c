using System.Net.WebSockets;
using System.Security.Claims;
using ChatBackend.Agents;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Connections;

/// <summary>
/// What a connection's scope is about: its id, its socket, who is there, why it ends. A scoped service; it counts the
/// scope it lives in, so that the gauge shows scopes that really exist.
/// </summary>
internal sealed class ConnectionContext : IDisposable
{
    private readonly ChatMetrics _metrics;
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpContext _request = null!;
    private Session _session = null!;
    private ClaimsPrincipal? _guest;
    private long _messageStartedAt;

    public ConnectionContext(ChatMetrics metrics)
    {
        _metrics = metrics;
        metrics.ScopeOpened();
    }

    public ConnectionId Id { get; } = ConnectionId.New();

    public WebSocket Socket { get; private set; } = null!;

    /// <summary>Cancelled when the peer's end of the transport is gone.</summary>
    /// <remarks>Asked for late: the first to ask makes it, and few connections ever need it.</remarks>
    public CancellationToken PeerGone => _request.RequestAborted;

    /// <summary>Replaced by <c>authenticate</c>, never by another user's.</summary>
    public Session Session
    {
        get => Volatile.Read(ref _session);
        set => Volatile.Write(ref _session, value);
    }

    /// <summary>The user with the claims of their sign-in.</summary>
    public ClaimsPrincipal User => Session.Principal ?? (_guest ??= ChatRunContext.UserOf(Session.User));

    /// <summary>The span that the socket's request named as its own, as W3C writes it; empty when it named none.</summary>
    public string TraceParent => _request.Request.Headers.TraceParent.ToString();

    /// <summary>When the message began that has not ended yet; 0 between messages.</summary>
    public long MessageStartedAt
    {
        get => Volatile.Read(ref _messageStartedAt);
        set => Volatile.Write(ref _messageStartedAt, value);
    }

    /// <summary>Ends with the first cause.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    public void Attach(WebSocket socket, Session session, HttpContext request) => (Socket, Session, _request) = (socket, session, request);

    /// <summary>Everything that ends the connection calls this. The first cause wins.</summary>
    public void Close(CloseReason reason) => _closed.TrySetResult(reason);

    public void Dispose() => _metrics.ScopeClosed();
}
