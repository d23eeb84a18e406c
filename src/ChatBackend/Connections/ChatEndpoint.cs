using System.Diagnostics;
using ChatBackend.Identity;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// <c>/ws</c>: who is not let in hears an HTTP status before the upgrade; whoever is gets a DI scope with a handler of its
/// own, known to the router for exactly as long as the socket is open.
/// </summary>
internal sealed partial class ChatEndpoint(
    UpgradeIdentity identity, MessageRouter router, Readiness readiness, IServiceScopeFactory scopes, IOptions<ConnectionOptions> options,
    ChatMetrics metrics, TimeProvider clock, ILogger<ChatEndpoint> logger)
{
    private int _open;

    public async Task HandleAsync(HttpContext http)
    {
        if (!readiness.IsReady)
        {
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "The server is starting or stopping; connect again in a moment.");
            return;
        }

        if (!http.WebSockets.IsWebSocketRequest)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "This address speaks WebSocket only.");
            return;
        }

        switch (identity.Decide(http))
        {
            case UpgradeDecision.Refused refused:
                await RefuseAsync(http, refused.Status, refused.Problem);
                break;
            case UpgradeDecision.Accepted accepted:
                await AdmitAsync(http, accepted);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private async Task AdmitAsync(HttpContext http, UpgradeDecision.Accepted accepted)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > options.Value.MaxConnections)
            {
                await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "The server is at capacity; connect again in a moment.");
                return;
            }

            await ServeAsync(http, accepted.Session, accepted.SubProtocol);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task ServeAsync(HttpContext http, Session session, string? subProtocol)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = subProtocol,
            KeepAliveInterval = options.Value.HeartbeatInterval,
            KeepAliveTimeout = options.Value.HeartbeatTimeout,
        });

        // Disposal goes from the inside out: the router forgets the handler, the handler finishes what it had received
        // and leaves its threads, the scope goes, and only then the socket it used.
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<ConnectionContext>();
        context.Attach(socket, session, http.RequestAborted);
        using var ids = logger.BeginScope(new Dictionary<string, object> { ["Connection"] = context.Id.Value, ["User"] = session.User.Value });
        var handler = scope.ServiceProvider.GetRequiredService<AgentMessageHandler>();
        var connection = scope.ServiceProvider.GetRequiredService<ConnectionLoop>();
        handler.Close = connection.Close;
        var openedAt = clock.GetTimestamp();
        var reason = CloseReason.InternalError;
        metrics.ConnectionOpened();
        Opened(subProtocol ?? "none");
        try
        {
            router.Register(context.Id, handler);
            handler.Establish();
            reason = await connection.RunAsync();
        }
        catch (Exception bug)
        {
            Broke(bug);
        }
        finally
        {
            router.Remove(context.Id, handler);
            await handler.EndAsync();
            metrics.ConnectionClosed(reason.Name);
            Closed(reason.Name, reason.Code, clock.GetElapsedTime(openedAt).TotalSeconds, connection.Received, connection.Sent);
        }
    }

    private static async Task RefuseAsync(HttpContext http, int status, string problem)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            http.Response.Headers.RetryAfter = "1";
        }

        await Results.Problem(problem, statusCode: status).ExecuteAsync(http);
    }

    [LoggerMessage(LogLevel.Information, "Connection opened, sub-protocol {SubProtocol}")]
    private partial void Opened(string subProtocol);

    [LoggerMessage(LogLevel.Information, "Connection closed: {Reason} ({Code}) after {Seconds:0.0} s, {Received} received, {Sent} sent")]
    private partial void Closed(string reason, int? code, double seconds, long received, long sent);

    [LoggerMessage(LogLevel.Error, "The connection broke: a bug of the server's")]
    private partial void Broke(Exception bug);
}
