using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>A model that asks for as many calls at once as the message says, and the MCP server of their tool, which takes two seconds and may run side by side. It counts the calls.</summary>
internal sealed class SlowTools : IAsyncDisposable
{
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _running = new();
    private int _returned;

    private SlowTools(WebApplication app) => _app = app;

    /// <summary>Calls that have begun, and neither returned nor been cancelled.</summary>
    public int Running => _running.Count;

    /// <summary>Calls that took all their time.</summary>
    public int Returned => Volatile.Read(ref _returned);

    private string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Arguments by which a server has the agent <c>tools</c>.</summary>
    public string[] Settings =>
    [
        "--Agents:List:0:Name=tools", $"--Agents:List:0:Endpoint={Address}/v1", "--Agents:List:0:Model=played",
        $"--Mcp:Servers:slow:Url={Address}/mcp", "--Mcp:Agents:tools:slow:0=*",
    ];

    public static async Task<SlowTools> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        var tools = new SlowTools(builder.Build());
        tools._app.MapPost("/v1/chat/completions", AskAsync);
        tools._app.MapPost("/mcp", tools.TakeAsync);
        tools._app.MapDelete("/mcp", () => Results.Ok());
        await tools._app.StartAsync();
        return tools;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task AskAsync(HttpContext http)
    {
        var body = await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
        var last = body!["messages"]!.AsArray().Last()!;
        var isOver = last["role"]!.GetValue<string>() == "tool";
        var calls = isOver ? 0 : int.Parse(last["content"]!.GetValue<string>(), CultureInfo.InvariantCulture);
        var delta = isOver
            ? new JsonObject { ["content"] = "Done." }
            : new JsonObject { ["tool_calls"] = new JsonArray([.. Enumerable.Range(0, calls).Select(Call)]) };
        http.Response.ContentType = "text/event-stream";
        foreach (var (part, finish) in new[] { (delta, null), (new JsonObject(), isOver ? "stop" : "tool_calls") })
        {
            var chunk = new JsonObject
            {
                ["id"] = "t", ["object"] = "chat.completion.chunk", ["created"] = 1, ["model"] = "played",
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = part, ["finish_reason"] = finish }),
            };
            await http.Response.WriteAsync($"data: {chunk.ToJsonString()}\n\n", http.RequestAborted);
        }

        await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);
    }

    private static JsonNode Call(int index) => new JsonObject
    {
        ["index"] = index, ["id"] = $"call_{index}", ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = "wait", ["arguments"] = $$"""{"n":{{index}}}""" },
    };

    private async Task TakeAsync(HttpContext http)
    {
        var message = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
        var method = message["method"]?.GetValue<string>();
        if (message["id"] is not { } id)
        {
            if (method == "notifications/cancelled" && _running.TryRemove(message["params"]!["requestId"]!.ToJsonString(), out var cancelled))
            {
                cancelled.SetResult();
            }

            http.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        JsonNode? result = method switch
        {
            "initialize" => new JsonObject
            {
                ["protocolVersion"] = "2025-06-18",
                ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
                ["serverInfo"] = new JsonObject { ["name"] = "slow", ["version"] = "1" },
            },
            "tools/list" => JsonNode.Parse("""{"tools":[{"name":"wait","inputSchema":{"type":"object","properties":{"n":{"type":"integer"}}},"annotations":{"readOnlyHint":true}}]}"""),
            "tools/call" => await WaitAsync(id.ToJsonString(), http.RequestAborted),
            "ping" => new JsonObject(),
            _ => null,
        };
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone() };
        answer[result is null ? "error" : "result"] = result ?? new JsonObject { ["code"] = -32601, ["message"] = "There is no such method." };
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString(), http.RequestAborted);
    }

    private async Task<JsonNode> WaitAsync(string id, CancellationToken aborted)
    {
        var cancelled = _running[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var over = Task.Delay(Time, TimeProvider.System, aborted);
        await Task.WhenAny(over, cancelled.Task);
        _running.TryRemove(id, out _);
        if (over.IsCompletedSuccessfully)
        {
            Interlocked.Increment(ref _returned);
        }

        return JsonNode.Parse("""{"content":[{"type":"text","text":"waited"}]}""")!;
    }
}
