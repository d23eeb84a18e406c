using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Plays the server's side of the page's WebSocket, for orders of frames that a healthy server sends only by bad luck, and the list of threads beside it.</summary>
internal sealed class PlayedServer(IPage page)
{
    private readonly Channel<IWebSocketRoute> _sockets = Channel.CreateUnbounded<IWebSocketRoute>();
    private readonly Channel<JsonNode> _frames = Channel.CreateUnbounded<JsonNode>();
    private readonly Channel<string> _requests = Channel.CreateUnbounded<string>();
    private IWebSocketRoute? _socket;

    /// <summary>What a request for threads is answered with, by what follows the path.</summary>
    public Func<string, string> Threads { get; set; } = _ => """{"threads":[]}""";

    public static async Task<PlayedServer> OnAsync(IPage page)
    {
        var server = new PlayedServer(page);
        await page.RouteWebSocketAsync(url => url.EndsWith("/ws", StringComparison.Ordinal), socket =>
        {
            socket.OnMessage(message => server._frames.Writer.TryWrite(JsonNode.Parse(message.Text!)!));
            server._sockets.Writer.TryWrite(socket);
        });
        await page.RouteAsync("**/api/threads**", server.AnswerAsync);
        return server;
    }

    /// <summary>Waits for the page to connect, and welcomes it.</summary>
    public async Task AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        _socket = await _sockets.Reader.ReadAsync(deadline.Token);
        var user = await page.EvaluateAsync<string>("() => JSON.parse(localStorage.getItem('chat.session')).user_id");
        Send($$"""
            {"type":"connection_established","connection_id":"con_1","user_id":"{{user}}","protocol":"chat.v1","server_time":"2026-11-23T09:30:00.000Z",
             "heartbeat_seconds":15,"limits":{"max_message_bytes":65536},"agents":["demo","other"]}
            """);
    }

    public void Send(string json) => _socket!.Send(json);

    public void Ack(string id, string status = "accepted", string message = "msg_1") =>
        Send($$"""{"type":"ack","id":"{{id}}","status":"{{status}}","thread_id":"thr_1","seq":1,"message_id":"{{message}}"}""");

    public void Refuse(string id, string code, string more = "") =>
        Send($$"""{"type":"error","id":"{{id}}","code":"{{code}}","message":"It was refused."{{more}}}""");

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

    public void Message(long seq, string id, string content, string client = "c_x", string more = "") =>
        Event("user_message", seq, $""" "message_id":"{id}","content":"{content}","client_id":"{client}"{more} """);

    public void Started(long seq, string run, string message) =>
        Event("agent_started", seq, $""" "run_id":"{run}","agent":"demo","message_id":"{message}" """);

    public void Delta(int offset, string text, string run = "run_1", string part = "part_1") =>
        Event("agent_delta", 0, $""" "run_id":"{run}","part_id":"{part}","offset":{offset},"text":"{text}" """);

    public void Completed(long seq, string run, string content, string part = "part_1") =>
        Event("agent_completed", seq, $""" "run_id":"{run}","message_id":"msg_of_{run}","part_id":"{part}","content":"{content}","duration_ms":1 """);

    public void CaughtUp(long seq) => Send($$"""{"type":"caught_up","thread_id":"thr_1","seq":{{seq}}}""");

    public Task CloseAsync(int code) => _socket!.CloseAsync(new WebSocketRouteCloseOptions { Code = code, Reason = "played" });

    /// <summary>The next frame of the page, which has to be of this type. Its pings come when they come.</summary>
    public async Task<JsonNode> ExpectAsync(string type)
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        JsonNode frame;
        do
        {
            frame = await _frames.Reader.ReadAsync(deadline.Token);
        }
        while (frame["type"]!.GetValue<string>() == "ping");

        frame["type"]!.GetValue<string>().Should().Be(type, "the page sent {0}", frame.ToJsonString(JsonSerializerOptions.Web));
        return frame;
    }

    /// <summary>The next request about threads that changes something: method, path and body.</summary>
    public async Task<string> ExpectRequestAsync()
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        return await _requests.Reader.ReadAsync(deadline.Token);
    }

    private async Task AnswerAsync(IRoute route)
    {
        var request = route.Request;
        var path = new Uri(request.Url).PathAndQuery;
        if (request.Method == "GET")
        {
            await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = Threads(path["/api/threads".Length..]) });
            return;
        }

        _requests.Writer.TryWrite($"{request.Method} {path} {request.PostData}".TrimEnd());
        await route.FulfillAsync(request.Method == "DELETE"
            ? new RouteFulfillOptions { Status = 204 }
            : new RouteFulfillOptions { ContentType = "application/json", Body = "{}" });
    }
}
