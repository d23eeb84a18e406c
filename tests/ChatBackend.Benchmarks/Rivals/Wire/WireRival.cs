using System.Net.WebSockets;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>Our wire on a bare WebSocket of Kestrel's: no scope, no log, no routing.</summary>
internal sealed class WireRival(IDispatch dispatch, RivalAgents agents, RivalRuns runs, TimeProvider clock)
{
    private const int MaxMessageBytes = 256 * 1024;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CloseBound = TimeSpan.FromSeconds(2);

    private readonly Greeting _greeting = new(agents, clock);
    private readonly WireChat _chat = new(dispatch, agents, runs, clock);
    private readonly Lock _lock = new();
    private readonly HashSet<WireConnection> _open = [];

    public static async Task<int> RunAsync(IDispatch dispatch, RivalAgents agents)
    {
        var runs = new RivalRuns();
        var rival = new WireRival(dispatch, agents, runs, TimeProvider.System);
        await using var app = RivalHost.NewBuilder().Build();
        app.UseWebSockets();
        app.Run(rival.HandleAsync);
        return await RivalHost.ServeAsync(app, async () =>
        {
            await runs.StopAsync();
            await rival.StopAsync();
        });
    }

    private Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case ChatProtocol.Path when http.WebSockets.IsWebSocketRequest:
                return ServeAsync(http);
            case "/stats":
                return http.Response.WriteAsJsonAsync(new { connections = Open().Count, handlers = dispatch.Handlers });
            default:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    private async Task ServeAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = http.WebSockets.WebSocketRequestedProtocols.Contains(ChatProtocol.Name) ? ChatProtocol.Name : null,
            KeepAliveInterval = Heartbeat,
            KeepAliveTimeout = Heartbeat,
        });
        var connection = new WireConnection(socket);
        lock (_lock)
        {
            _open.Add(connection);
        }

        dispatch.Connect(connection);
        try
        {
            _chat.Send(connection, _greeting.To(connection.Id));
            var status = await ReceiveAsync(socket, connection);
            await connection.CloseAsync(status, CloseBound);
        }
        catch (Exception ex) when (WireConnection.IsBroken(ex))
        {
            connection.Abort();
        }
        finally
        {
            dispatch.Disconnect(connection);
            WireChat.Leave(connection);
            lock (_lock)
            {
                _open.Remove(connection);
            }
        }
    }

    /// <summary>Parses and hands on, until there is nothing more to read.</summary>
    private async Task<WebSocketCloseStatus> ReceiveAsync(WebSocket socket, WireConnection connection)
    {
        using var reader = new MessageReader(socket, MaxMessageBytes);
        while (true)
        {
            var first = await reader.WaitAsync();
            var (message, closed) = await reader.ReadAsync(first);
            if (closed is not null)
            {
                return closed.Status ?? WebSocketCloseStatus.NormalClosure;
            }

            var (frame, error) = ClientFrameReader.Read(message);
            var sender = dispatch.SenderOf(connection);
            if (frame is not null)
            {
                _chat.Handle(sender, frame);
            }
            else
            {
                _chat.Send(sender, error!);
            }
        }
    }

    private IReadOnlyCollection<WireConnection> Open()
    {
        lock (_lock)
        {
            return [.. _open];
        }
    }

    /// <summary>Each peer has a moment to answer the close frame; the host ends the sockets of those that do not.</summary>
    private Task StopAsync() => Task.WhenAll(Open().Select(open => open.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, CloseBound)));
}
