using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Server;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Mcp;

/// <summary>A server of the SDK, which speaks the newest revision of the protocol: without a handshake and without sessions.</summary>
[Trait("failure", "M15")]
public sealed class NewestRevisionTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<McpServerTool> _tools = [];
    private WebApplication? _app;
    private string? _revision;

    public async ValueTask InitializeAsync()
    {
        _tools.Add(McpServerTool.Create((string text) => $"Echo: {text}", new McpServerToolCreateOptions { Name = "echo", ReadOnly = true }));
        _tools.Add(McpServerTool.Create(
            async (IProgress<ProgressNotificationValue> progress, CancellationToken cancellationToken) =>
            {
                progress.Report(new ProgressNotificationValue { Progress = 1, Total = 2, Message = "Half." });
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _cancelled.TrySetResult();
                return "over";
            },
            new McpServerToolCreateOptions { Name = "dig", ReadOnly = true }));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMcpServer().WithHttpTransport().WithTools(_tools);
        _app = builder.Build();
        _app.Use((http, next) =>
        {
            _revision = http.Request.Headers["MCP-Protocol-Version"].ToString() is { Length: > 0 } revision ? revision : _revision;
            return next(http);
        });
        _app.MapMcp("/mcp");
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    [Fact]
    public async Task Calls_progress_and_a_stop_go_through()
    {
        await using var host = await McpHost.StartAsync(new ScriptedModel([Call("echo", ("text", "hello"))], [Call("dig")]), mcp =>
        {
            mcp.Servers["newest"] = new ChatBackend.Mcp.McpServerOptions { Url = $"{_app!.Urls.Single()}/mcp" };
            mcp.Allow("helper", "newest");
        });
        await using var ada = await host.ConnectAsync();

        var ack = await ada.ChatAsync("Hi", agent: "helper").Soon();
        (await host.Frames.UntilAsync<ToolProgress>()).Should().BeEquivalentTo(new { Text = "Half.", Fraction = 0.5 });
        host.ResultOf("echo").Should().Contain("Echo: hello");
        await ada.StopAsync(ack.ThreadId!.Value).Soon();

        (await host.EndOfAsync(ack)).Should().BeOfType<AgentStopped>();
        await _cancelled.Task.Soon();
        _revision.Should().Be("2026-07-28");
    }
}
