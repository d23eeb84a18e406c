using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using static ChatBackend.Testing.ScriptedModel;
using static ChatBackend.Tests.Mcp.PlayedMcpServer;

namespace ChatBackend.Tests.Mcp;

/// <summary>The server has MCP by its configuration alone, with metrics and health.</summary>
[Trait("failure", "M15")]
public sealed class McpInTheServerTests
{
    [Fact]
    public async Task Configuration_gives_an_agent_tools_and_operators_see_each_server_by_name()
    {
        await using var played = await StartAsync();
        played.Tools = [Tool("dig", isReadOnly: true)];
        await using var server = new ChatServer(
            services => services.AddChatBackend().AddAgent("helper", agent => agent.UseModel(new ScriptedModel([Call("dig")]))),
            ("Mcp:Servers:played:Url", played.Url),
            ("Mcp:Servers:gone:Url", "http://127.0.0.1:1/mcp"),
            ("Mcp:Servers:gone:StartWait", "00:00:00"),
            ("Mcp:Servers:unused:Command", "no-such-program"),
            ("Mcp:Agents:helper:played:0", "*"),
            ("Mcp:Agents:helper:gone:0", "*"));
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "helper").Soon());

        var completed = client.Frames.All().OfType<ToolCompleted>().Single();
        completed.Result!.Value.GetRawText().Should().Contain("done", completed.Error);
        var metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        metrics.Should().Contain("chat_mcp_calls_total{server=\"played\"} 1").And.Contain("chat_mcp_calls_failed_total{server=\"played\"} 0")
            .And.Contain("chat_mcp_connections{server=\"played\"} 1").And.Contain("chat_mcp_connections{server=\"gone\"} 0").And.NotContain("unused");
        (await server.Http.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken)).Should().Be("Degraded\nMCP server gone: not available");
    }
}
