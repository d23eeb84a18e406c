using System.Security.Claims;
using ChatBackend.Client;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Mcp;

/// <summary>An application whose agent <c>helper</c> has tools of MCP servers, a user who is connected to it, and all that its log says.</summary>
internal sealed class McpHost : IAsyncDisposable
{
    private McpHost(ChatTestHost host, AllLines log) => (Host, Log) = (host, log);

    public ChatTestHost Host { get; }

    public AllLines Log { get; }

    /// <summary>What all users of the test were sent.</summary>
    public FrameRecorder Frames { get; } = new();

    public static async Task<McpHost> StartAsync(IChatClient model, Action<McpOptions> configure, Action<IChatBackendBuilder>? more = null, params (string Key, string? Value)[] settings)
    {
        var log = new AllLines();
        var host = await ChatTestHost.StartAsync(
            chat =>
            {
                chat.Services.AddSingleton<ILoggerProvider>(log);
                chat.AddAgent("helper", agent => agent.UseModel(model).AddTool("own", () => "mine")).AddMcp(configure);
                more?.Invoke(chat);
            },
            settings: settings.Append(("Logging:LogLevel:Default", "Trace")).ToDictionary(setting => setting.Item1, setting => setting.Item2),
            cancellationToken: TestContext.Current.CancellationToken).Soon();
        return new McpHost(host, log);
    }

    /// <summary>An agent with all tools of one server at an address.</summary>
    public static Task<McpHost> StartAsync(IChatClient model, PlayedMcpServer server, Action<McpServerOptions>? configure = null, params (string Key, string? Value)[] settings) =>
        StartAsync(
            model,
            mcp =>
            {
                var options = mcp.Servers["played"] = new McpServerOptions { Url = server.Url };
                configure?.Invoke(options);
                mcp.Allow("helper", "played");
            },
            settings: settings);

    public Task<ChatConnection> ConnectAsync(string user = "ada", params Claim[] claims) =>
        Host.ConnectAsync(user, claims, options => options with { OnFrame = Frames.Add }).Soon();

    /// <summary>Has the agent answer, approving whatever it asks for, and gives how it ended.</summary>
    public async Task<RunEvent> RunAsync(ChatConnection user, string message = "Hi", string agent = "helper")
    {
        var ack = await user.ChatAsync(message, agent: agent).Soon();
        return await EndOfAsync(ack);
    }

    public Task<RunEvent> EndOfAsync(Ack ack) =>
        Frames.UntilAsync<RunEvent>(threadEvent => threadEvent.RunId == ack.RunId && threadEvent is AgentCompleted or AgentStopped or AgentFailed);

    /// <summary>The last end of a call of that tool, which must have succeeded to have a result.</summary>
    public ToolCompleted Completed(string tool) => Frames.All().OfType<ToolCompleted>().Last(completed => completed.Tool == tool);

    public string ResultOf(string tool) => Completed(tool) is { Result: { } result } ? result.GetRawText() : throw new InvalidOperationException($"{Completed(tool).Error}\n{Log.Text}");

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
