using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Mcp;

/// <summary>An MCP server over streamable HTTP that does what a test says, right or wrong.</summary>
internal sealed class PlayedMcpServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Channel<string>> _streams = new();
    private readonly List<(Func<PlayedRequest, bool> Matches, TaskCompletionSource<PlayedRequest> Seen)> _waits = [];
    private readonly List<PlayedRequest> _received = [];
    private readonly Lock _lock = new();
    private int _sessions;

    private PlayedMcpServer(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.Single()}/mcp";

    /// <summary>As <c>tools/list</c> tells them.</summary>
    public JsonArray Tools { get; set; } = [];

    /// <summary>Answers calls with a result, or has written the response when it returns null.</summary>
    public Func<PlayedRequest, Task<JsonNode?>> OnCall { get; set; } = _ => Task.FromResult<JsonNode?>(Text("done"));

    /// <summary>Comes before everything; true when it has written the response.</summary>
    public Func<PlayedRequest, Task<bool>> OnRequest { get; set; } = _ => Task.FromResult(false);

    public IReadOnlyList<PlayedRequest> Received
    {
        get
        {
            lock (_lock)
            {
                return [.. _received];
            }
        }
    }

    /// <param name="port">0 for a free one.</param>
    public static async Task<PlayedMcpServer> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var server = new PlayedMcpServer(builder.Build());
        server._app.MapPost("/mcp", server.PostAsync);
        server._app.MapGet("/mcp", server.GetAsync);
        server._app.MapDelete("/mcp", () => Results.Ok());
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public static JsonObject Tool(string name, bool isReadOnly = false, string description = "A tool.") => new()
    {
        ["name"] = name,
        ["description"] = description,
        ["inputSchema"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["text"] = new JsonObject { ["type"] = "string" } } },
        ["annotations"] = new JsonObject { ["readOnlyHint"] = isReadOnly },
    };

    public static JsonNode Text(string text) => new JsonObject { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) };

    /// <summary>Tells every session something.</summary>
    public void Notify(string method)
    {
        foreach (var stream in _streams.Values)
        {
            stream.Writer.TryWrite(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = method }.ToJsonString());
        }
    }

    /// <summary>Ends with the first request that matches, of those that came or those to come.</summary>
    public Task<PlayedRequest> UntilAsync(Func<PlayedRequest, bool> matches)
    {
        lock (_lock)
        {
            if (_received.FirstOrDefault(matches) is { } known)
            {
                return Task.FromResult(known);
            }

            var seen = new TaskCompletionSource<PlayedRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((matches, seen));
            return seen.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values)
        {
            stream.Writer.TryComplete();
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task PostAsync(HttpContext http)
    {
        var message = (JsonObject)(await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
        var request = new PlayedRequest(http, message);
        lock (_lock)
        {
            _received.Add(request);
            foreach (var (matches, seen) in _waits.Where(wait => wait.Matches(request)))
            {
                seen.TrySetResult(request);
            }
        }

        if (await OnRequest(request))
        {
            return;
        }

        if (message["id"] is null)
        {
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        var result = request.Method switch
        {
            "initialize" => Initialized(http),
            "tools/list" => new JsonObject { ["tools"] = Tools.DeepClone() },
            "ping" => new JsonObject(),
            "tools/call" => await OnCall(request),
            _ => null,
        };
        if (result is not null)
        {
            await request.AnswerAsync(new JsonObject { ["result"] = result });
        }
        else if (request.Method != "tools/call")
        {
            await request.AnswerAsync(new JsonObject { ["error"] = new JsonObject { ["code"] = -32601, ["message"] = "Method not found" } });
        }
    }

    private JsonObject Initialized(HttpContext http)
    {
        var session = $"s{Interlocked.Increment(ref _sessions)}";
        _streams[session] = Channel.CreateUnbounded<string>();
        http.Response.Headers["Mcp-Session-Id"] = session;
        return new JsonObject
        {
            ["protocolVersion"] = "2025-06-18",
            ["capabilities"] = new JsonObject { ["tools"] = new JsonObject { ["listChanged"] = true } },
            ["serverInfo"] = new JsonObject { ["name"] = "played", ["version"] = "1" },
        };
    }

    private async Task GetAsync(HttpContext http)
    {
        if (!_streams.TryGetValue(http.Request.Headers["Mcp-Session-Id"].ToString(), out var stream))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await foreach (var data in stream.Reader.ReadAllAsync(http.RequestAborted))
        {
            await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }
}

/// <summary>A message that a played server got.</summary>
internal sealed record PlayedRequest(HttpContext Http, JsonObject Message)
{
    public string Method { get; } = Message["method"]?.GetValue<string>() ?? "";

    public string? Tool { get; } = (Message["params"] as JsonObject)?["name"]?.GetValue<string>();

    public Dictionary<string, string> Headers { get; } = Http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    public JsonNode? Parameter(string name) => (Message["params"] as JsonObject)?[name];

    /// <summary>A whole response, as JSON.</summary>
    public async Task AnswerAsync(JsonObject body)
    {
        body["jsonrpc"] = "2.0";
        body["id"] = Message["id"]?.DeepClone();
        Http.Response.ContentType = "application/json";
        await Http.Response.WriteAsync(body.ToJsonString(), Http.RequestAborted);
    }

    /// <summary>An event of a response that is a stream.</summary>
    public async Task SendAsync(JsonObject message)
    {
        message["jsonrpc"] = "2.0";
        if (!Http.Response.HasStarted)
        {
            Http.Response.ContentType = "text/event-stream";
        }

        await Http.Response.WriteAsync($"data: {JsonSerializer.Serialize(message)}\n\n", Http.RequestAborted);
        await Http.Response.Body.FlushAsync(Http.RequestAborted);
    }
}
