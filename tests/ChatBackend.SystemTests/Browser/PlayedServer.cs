using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Plays the server's side of the page's WebSocket, for orders of frames that a healthy server sends only by bad luck.</summary>
internal sealed class PlayedServer
{
    private readonly Channel<IWebSocketRoute> _sockets = Channel.CreateUnbounded<IWebSocketRoute>();
    private readonly Channel<JsonNode> _frames = Channel.CreateUnbounded<JsonNode>();
    private IWebSocketRoute? _socket;

    public static async Task<PlayedServer> OnAsync(IPage page)
    {
        var server = new PlayedServer();
        await page.RouteWebSocketAsync(url => url.EndsWith("/ws", StringComparison.Ordinal), socket =>
        {
            socket.OnMessage(message => server._frames.Writer.TryWrite(JsonNode.Parse(message.Text!)!));
            server._sockets.Writer.TryWrite(socket);
        });
        return server;
    }

    /// <summary>Waits for the page to connect, and welcomes it.</summary>
    public async Task AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        _socket = await _sockets.Reader.ReadAsync(deadline.Token);
        Send("""
            {"type":"connection_established","connection_id":"con_1","user_id":"usr_1","protocol":"chat.v1","server_time":"2026-11-23T09:30:00.000Z",
             "heartbeat_seconds":15,"limits":{"max_message_bytes":65536},"agents":["demo","other"]}
            """);
    }

    public void Send(string json) => _socket!.Send(json);

    /// <summary>An event of thread <c>thr_1</c>: its type, its number (0 for text in flight) and further members as JSON.</summary>
    public void Event(string type, long seq, string members)
    {
        var frame = JsonNode.Parse("{" + members + "}")!.AsObject();
        frame["type"] = type;
        frame["thread_id"] = "thr_1";
        if (seq > 0)
        {
            frame["seq"] = seq;
            frame["at"] = "2026-11-23T09:30:00.000Z";
        }

        Send(frame.ToJsonString());
    }

    public Task CloseAsync(int code) => _socket!.CloseAsync(new WebSocketRouteCloseOptions { Code = code, Reason = "played" });

    /// <summary>The next frame of the page, which has to be of this type.</summary>
    public async Task<JsonNode> ExpectAsync(string type)
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        var frame = await _frames.Reader.ReadAsync(deadline.Token);
        frame["type"]!.GetValue<string>().Should().Be(type, "the page sent {0}", frame.ToJsonString(JsonSerializerOptions.Web));
        return frame;
    }
}
