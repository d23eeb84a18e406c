using System.Collections.Concurrent;
using ChatBackend.Client;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.SystemTests.Mcp;

/// <summary>An application whose agent has all tools of one MCP server, and a user who is connected to it. A message is the name of the tool to call and its arguments.</summary>
internal sealed class McpChat : IAsyncDisposable
{
    private readonly ChatTestHost _host;
    private readonly ConcurrentQueue<ServerFrame> _frames;

    private McpChat(ChatTestHost host, ChatConnection connection, ConcurrentQueue<ServerFrame> frames, LogText log) => (_host, Connection, _frames, Log) = (host, connection, frames, log);

    public ChatConnection Connection { get; }

    public LogText Log { get; }

    public IEnumerable<ServerFrame> Frames => _frames;

    public Uri Address => _host.Address;

    public static async Task<McpChat> StartAsync(McpServerOptions server, ScriptedModel model, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var log = new LogText();
        var host = await ChatTestHost.StartAsync(
            chat =>
            {
                chat.Services.AddSingleton<ILoggerProvider>(log);
                chat.AddAgent("helper", agent => agent.UseModel(model).AddTool("own", () => "mine")).AddMcp(mcp =>
                {
                    mcp.Servers["npm"] = server;
                    mcp.Allow("helper", "npm");
                });
            },
            settings: new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["Logging:LogLevel:Default"] = "Debug" }).Soon();
        var frames = new ConcurrentQueue<ServerFrame>();
        return new McpChat(host, await host.ConnectAsync("ada", [], options => options with { OnFrame = frames.Enqueue }).Soon(), frames, log);
    }

    public async Task<(Ack Ack, ThreadFollower Thread)> AskAsync(ThreadId? thread = null)
    {
        var ack = await Connection.ChatAsync("Go", thread, "helper").Soon();
        return (ack, Connection.FollowerOf(ack.ThreadId!.Value));
    }

    /// <summary>Has the model play its script, and gives the result of its call.</summary>
    public async Task<ToolCompleted> CallAsync()
    {
        var (ack, thread) = await AskAsync();
        await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon();
        return (ToolCompleted)await thread.WaitForAsync(threadEvent => threadEvent is ToolCompleted completed && completed.RunId == ack.RunId).Soon();
    }

    public static ScriptedModel Calling(string tool, params (string Name, object? Value)[] arguments) => new([Call(tool, arguments)]);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await _host.DisposeAsync();
    }
}

/// <summary>All lines of a log.</summary>
internal sealed class LogText : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<(string Text, TaskCompletionSource Seen)> _waits = new();

    public string Text => string.Join('\n', _lines);

    public Task UntilAsync(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits.Enqueue((text, seen));
        return Text.Contains(text, StringComparison.Ordinal) ? Task.CompletedTask : seen.Task;
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{formatter(state, exception)} {exception}";
        _lines.Enqueue(line);
        foreach (var (_, seen) in _waits.Where(wait => line.Contains(wait.Text, StringComparison.Ordinal)))
        {
            seen.TrySetResult();
        }
    }

    public void Dispose()
    {
    }
}
