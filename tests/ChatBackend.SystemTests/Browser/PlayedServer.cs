using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Plays the server's side of the page's WebSocket, for orders of frames that a healthy server sends only by bad luck, and the HTTP beside it.</summary>
internal sealed class PlayedServer
{
    // The page sends these when it likes; they are answered at once.
    private static readonly HashSet<string> Aside = ["ping", "follow_threads", "unfollow_threads", "mark_read"];

    private readonly Channel<IWebSocketRoute> _sockets = Channel.CreateUnbounded<IWebSocketRoute>();
    private readonly Channel<JsonNode> _frames = Channel.CreateUnbounded<JsonNode>();
    private readonly Channel<string> _requests = Channel.CreateUnbounded<string>();
    private IWebSocketRoute? _socket;
    private int _guests;

    /// <summary>The user of the cookie; nobody before the page made a guest.</summary>
    public string? User { get; set; }

    /// <summary>The last event of <c>thr_1</c>, as HTTP says it; below 0 there is no such thread.</summary>
    public long Head { get; set; }

    /// <summary>The first event that it still has.</summary>
    public long Begins { get; set; } = 1;

    /// <summary>The user's threads: rows as in <c>thread_listed</c>, by <see cref="Row"/>.</summary>
    public IReadOnlyList<JsonObject> Listed { get; set; } = [];

    /// <summary>What a search is answered with, by its query string.</summary>
    public Func<string, string> Search { get; set; } = _ => """{"hits":[]}""";

    public static async Task<PlayedServer> OnAsync(IPage page)
    {
        var server = new PlayedServer();
        await page.RouteWebSocketAsync(url => url.EndsWith("/ws", StringComparison.Ordinal), socket =>
        {
            socket.OnMessage(message => server.Receive(socket, JsonNode.Parse(message.Text!)!));
            server._sockets.Writer.TryWrite(socket);
        });
        await page.RouteAsync("**/api/**", server.AnswerAsync);
        return server;
    }

    public static JsonObject Row(string thread, string? title = null, bool archived = false, string at = "2026-11-23T09:30:00.000Z", bool running = false, bool needsApproval = false, bool unread = false)
    {
        var row = new JsonObject
        {
            ["thread_id"] = thread, ["archived"] = archived, ["created_at"] = at, ["updated_at"] = at, ["head"] = 1, ["history_begins_at"] = 1,
            ["running"] = running, ["needs_approval"] = needsApproval, ["unread"] = unread, ["agent"] = "demo",
        };
        if (title is not null)
        {
            row["title"] = title;
        }

        return row;
    }

    /// <summary>Waits for the page to connect, and welcomes it.</summary>
    public async Task AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        _socket = await _sockets.Reader.ReadAsync(deadline.Token);
        Send($$"""
            {"type":"connection_established","connection_id":"con_1","user_id":"{{User}}","protocol":"chat.v1","server_time":"2026-11-23T09:30:00.000Z",
             "heartbeat_seconds":15,"limits":{"max_message_bytes":65536,"max_pending_commands":64,"max_pending_bytes":1048576},"agents":["demo","other"],"log_id":"log_1"}
            """);
    }

    public void Send(string json) => _socket!.Send(json);

    public void Ack(string id, string status = "accepted", string message = "msg_1", long seq = 1) =>
        Send($$"""{"type":"ack","id":"{{id}}","status":"{{status}}","thread_id":"thr_1","seq":{{seq}},"message_id":"{{message}}"}""");

    public void Refuse(JsonNode frame, string code, string more = "") =>
        Send($$"""{"type":"error","id":"{{frame["id"]}}","code":"{{code}}","message":"It was refused."{{more}}}""");

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

    public void CaughtUp(long seq, string log = "log_1") => Send($$"""{"type":"caught_up","thread_id":"thr_1","seq":{{seq}},"log_id":"{{log}}"}""");

    public void List(JsonObject row)
    {
        var frame = row.DeepClone().AsObject();
        frame["type"] = "thread_listed";
        frame["cursor"] = "list_2";
        Send(frame.ToJsonString());
    }

    public void Unlist(string thread) => Send($$"""{"type":"thread_unlisted","thread_id":"{{thread}}","reason":"deleted","cursor":"list_2"}""");

    public Task CloseAsync(int code) => _socket!.CloseAsync(new WebSocketRouteCloseOptions { Code = code, Reason = "played" });

    /// <summary>The next frame of the page that is about a thread, which has to be of this type.</summary>
    public async Task<JsonNode> ExpectAsync(string type)
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        var frame = await _frames.Reader.ReadAsync(deadline.Token);
        Type(frame).Should().Be(type, "the page sent {0}", frame.ToJsonString(JsonSerializerOptions.Web));
        return frame;
    }

    /// <summary>The next frames of the page, one of each type, in any order: what they wait for comes by different ways.</summary>
    public async Task<JsonNode[]> ExpectAsync(params string[] types)
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        var frames = new List<JsonNode>();
        foreach (var _ in types)
        {
            frames.Add(await _frames.Reader.ReadAsync(deadline.Token));
        }

        frames.Select(Type).Should().BeEquivalentTo(types);
        return [.. types.Select(type => frames.First(frame => Type(frame) == type))];
    }

    /// <summary>The next request that changes something: method, path and body.</summary>
    public async Task<string> ExpectRequestAsync()
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        return await _requests.Reader.ReadAsync(deadline.Token);
    }

    private static string Type(JsonNode frame) => frame["type"]!.GetValue<string>();

    private void Receive(IWebSocketRoute socket, JsonNode frame)
    {
        var type = Type(frame);
        if (!Aside.Contains(type))
        {
            _frames.Writer.TryWrite(frame);
            return;
        }

        switch (type)
        {
            case "ping":
                socket.Send("""{"type":"pong","server_time":"2026-11-23T09:30:00.000Z"}""");
                break;
            case "follow_threads":
                Listed.ToList().ForEach(List);
                socket.Send("""{"type":"threads_caught_up","cursor":"list_1","log_id":"log_1"}""");
                break;
            default:
                socket.Send($$"""{"type":"ack","id":"{{frame["id"]}}","status":"accepted"}""");
                break;
        }
    }

    private async Task AnswerAsync(IRoute route)
    {
        var request = route.Request;
        var (path, query) = (new Uri(request.Url).AbsolutePath, new Uri(request.Url).Query);
        await route.FulfillAsync((request.Method, path) switch
        {
            ("POST", "/api/guests") => Json($$"""{"user_id":"{{User = $"usr_{++_guests}"}}","token":"token","expires_at":"2999-01-01T00:00:00.000Z"}"""),
            ("GET", "/api/agents") => User is null ? new RouteFulfillOptions { Status = 401 } : Json("""{"agents":[]}"""),
            ("GET", "/api/threads/thr_1") => Head < 0 ? new RouteFulfillOptions { Status = 404 } : Json(OfThread().ToJsonString()),
            ("GET", "/api/threads") when query.StartsWith("?query=", StringComparison.Ordinal) => Json(Search(query)),
            ("GET", "/api/threads") => Json("""{"threads":[]}"""),
            ("GET", _) => new RouteFulfillOptions { Status = 404 },
            _ => Recorded($"{request.Method} {path} {request.PostData}".TrimEnd(), request.Method == "DELETE"),
        });
    }

    private JsonObject OfThread()
    {
        var row = Row("thr_1");
        row["head"] = Head;
        row["history_begins_at"] = Begins;
        return row;
    }

    private RouteFulfillOptions Recorded(string request, bool empty)
    {
        _requests.Writer.TryWrite(request);
        return empty ? new RouteFulfillOptions { Status = 204 } : Json("{}");
    }

    private static RouteFulfillOptions Json(string body) => new() { ContentType = "application/json", Body = body };
}
