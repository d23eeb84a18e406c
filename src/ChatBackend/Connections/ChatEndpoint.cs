using System.Diagnostics;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ChatBackend.Connections;

/// <summary>
/// <c>/ws</c>: a client that is refused gets an HTTP status before the upgrade; an accepted one gets a DI scope with a handler of its
/// own, known to the router for exactly as long as the socket is open.
/// </summary>
internal sealed partial class ChatEndpoint(
    UpgradeIdentity identity, MessageRouter router, Readiness readiness, IServiceScopeFactory scopes, ConnectionLimit limit, IOptions<ConnectionOptions> options,
    IHostApplicationLifetime lifetime, Refusals refusals, ChatMetrics metrics, TimeProvider clock, ILogger<ChatEndpoint> logger)
{
    // Credentials, and what else is long in a browser's handshake.
    private static readonly string[] Forgotten =
    [
        HeaderNames.Authorization, HeaderNames.Cookie, HeaderNames.SecWebSocketProtocol, HeaderNames.SecWebSocketKey, HeaderNames.SecWebSocketExtensions,
        HeaderNames.UserAgent, HeaderNames.Origin, HeaderNames.AcceptEncoding, HeaderNames.AcceptLanguage,
    ];

    // Two lines a connection are cheap for a client to cause, so that they are bounded.
    private readonly LogSampler _lines = new(lines: 200, TimeSpan.FromSeconds(10), clock);
    private int _open;

    // Not async, nor are those that it calls unless the sign-in takes time: an open socket stays in every method that awaits it.
    public Task HandleAsync(HttpContext http)
    {
        if (!readiness.IsReady)
        {
            return RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, RefusalReason.NotReady, "The server is starting or stopping; connect again in a moment.");
        }

        if (!http.WebSockets.IsWebSocketRequest)
        {
            return RefuseAsync(http, StatusCodes.Status400BadRequest, RefusalReason.NoWebSocket, "WebSocket requests only.");
        }

        var deciding = identity.DecideAsync(http);
        return deciding.IsCompletedSuccessfully ? CarryOutAsync(http, deciding.Result) : CarryOutLaterAsync(http, deciding);
    }

    private async Task CarryOutLaterAsync(HttpContext http, ValueTask<Admission> deciding) => await CarryOutAsync(http, await deciding);

    private Task CarryOutAsync(HttpContext http, Admission decision) => decision switch
    {
        Admission.Refused refused => RefuseAsync(http, refused.Status, refused.Reason, refused.Problem),
        Admission.Accepted accepted => AdmitAsync(http, accepted.Session, accepted.SubProtocol),
        _ => throw new UnreachableException(),
    };

    private Task AdmitAsync(HttpContext http, Session session, string? subProtocol)
    {
        if (Interlocked.Increment(ref _open) <= limit.Connections)
        {
            return ServeAsync(http, session, subProtocol);
        }

        Interlocked.Decrement(ref _open);
        if (HttpProtocol.IsHttp11(http.Request.Protocol))
        {
            // A client that was refused would otherwise hold its socket for its next request.
            http.Response.Headers.Connection = "close";
        }

        return RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, RefusalReason.AtCapacity, "The server is at capacity; connect again in a moment.");
    }

    private async Task ServeAsync(HttpContext http, Session session, string? subProtocol)
    {
        using var place = new Place(this);
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = subProtocol,
            KeepAliveInterval = options.Value.HeartbeatInterval,
            KeepAliveTimeout = options.Value.HeartbeatTimeout,
        });

        Forget(http.Request.Headers);

        // Disposal goes from the inside out: the router forgets the handler, and with the socket's end its place is free. Then the
        // handler finishes what it had received and leaves its threads, the scope goes, and last the socket that it used.
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<ConnectionContext>();
        context.Attach(socket, session, http);
        using var ids = logger.BeginScope(new ConnectionLogScope(context));
        var handler = scope.ServiceProvider.GetRequiredService<AgentMessageHandler>();
        var connection = new OpenConnection(context, handler, scope.ServiceProvider.GetRequiredService<Outbox>());
        var loop = scope.ServiceProvider.GetRequiredService<ConnectionLoop>();
        var openedAt = clock.GetTimestamp();
        var reason = CloseReason.InternalError;
        metrics.ConnectionOpened();
        if (IsLogged())
        {
            Opened(subProtocol ?? "none");
        }

        try
        {
            router.Register(connection);
            handler.Establish();
            if (readiness.IsDraining)
            {
                context.Close(CloseReason.Draining); // the drain may have looked just before
            }

            reason = await loop.RunAsync();
        }
        catch (Exception ex)
        {
            Broke(ex);
        }
        finally
        {
            router.Remove(connection);
            place.Dispose();
            metrics.ConnectionClosed(reason.Name);
            if (IsLogged())
            {
                Closed(reason.Name, reason.Code, clock.GetElapsedTime(openedAt).TotalSeconds, loop.Received, loop.Sent);
            }

            await handler.EndAsync(lifetime.ApplicationStopping);
        }
    }

    private bool IsLogged()
    {
        var isLogged = _lines.Admits("connection", out var leftOut);
        if (leftOut > 0)
        {
            LeftOut(leftOut);
        }

        return isLogged;
    }

    // They are not read again, and they would stay as long as the socket. By name: what is cleared as a whole, Kestrel keeps for reuse.
    private static void Forget(IHeaderDictionary headers)
    {
        foreach (var name in Forgotten)
        {
            headers.Remove(name);
        }
    }

    private Task RefuseAsync(HttpContext http, int status, string reason, string problem)
    {
        refusals.Request(status, reason);
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            http.Response.Headers.RetryAfter = "1";
        }

        return Results.Problem(problem, statusCode: status).ExecuteAsync(http);
    }

    /// <summary>One of those that <see cref="ConnectionLimit.Connections"/> allows, taken by <see cref="AdmitAsync"/>.</summary>
    private sealed class Place(ChatEndpoint endpoint) : IDisposable
    {
        private bool _isFree;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isFree, true))
            {
                Interlocked.Decrement(ref endpoint._open);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Connection opened, sub-protocol {SubProtocol}")]
    private partial void Opened(string subProtocol);

    [LoggerMessage(LogLevel.Information, "Connection closed: {Reason} ({Code}) after {Seconds:0.0} s, {Received} received, {Sent} sent")]
    private partial void Closed(string reason, int? code, double seconds, long received, long sent);

    [LoggerMessage(LogLevel.Information, "{Lines} lines of connections that opened or closed are left out: more than 200 came within ten seconds. The metrics count all")]
    private partial void LeftOut(long lines);

    [LoggerMessage(LogLevel.Error, "Unhandled exception while a connection was served")]
    private partial void Broke(Exception ex);
}
