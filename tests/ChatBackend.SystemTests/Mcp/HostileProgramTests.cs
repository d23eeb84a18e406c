using ChatBackend.Protocol;
using ChatBackend.Testing;
using static ChatBackend.SystemTests.Mcp.McpChat;

namespace ChatBackend.SystemTests.Mcp;

/// <summary>Programs that do harm as MCP servers: each costs its own calls only, and its secret is in no line and no event.</summary>
[Trait("failure", "M17")]
public sealed class HostileProgramTests
{
    private const string Token = "hostile-token-8d1f";

    [Theory]
    [InlineData("garbage", null)]
    [InlineData("flood", null)]
    [InlineData("huge", "ended or could not be reached during the call")]
    [InlineData("die", "ended or could not be reached during the call")]
    [InlineData("hang", "No tool is called harm")]
    public async Task A_harmful_program_costs_its_call_only(string harm, string? error)
    {
        var server = ReferenceServers.Program(ReferenceServers.Hostile, harm);
        server.EnvironmentFrom["HOSTILE_TOKEN"] = "TokenOfTheHostile";
        if (harm == "hang")
        {
            (server.StartWait, server.StartTimeout) = (TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        await using var chat = await StartAsync(server, new ScriptedModel([ScriptedModel.Call("harm")], [ScriptedModel.Call("own")]), new Dictionary<string, string?> { ["TokenOfTheHostile"] = Token });

        var (ack, thread) = await chat.AskAsync();
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();

        var calls = chat.Frames.OfType<ToolCompleted>().ToList();
        calls.Select(call => call.Tool).Should().Equal("harm", "own");
        calls[1].Outcome.Should().Be(ToolOutcome.Succeeded);
        if (error is null)
        {
            calls[0].Result!.Value.GetRawText().Should().Contain("harmless ***");
        }
        else
        {
            calls[0].Error.Should().Contain(error);
            await chat.Log.UntilAsync("MCP server npm is not available").Soon();
        }

        chat.Log.Text.Should().Contain("MCP server npm wrote: I was started with ***").And.NotContain(Token);
        calls.Select(call => $"{call.Result} {call.Error}").Should().NotContain(text => text.Contains(Token, StringComparison.Ordinal));
        if (harm == "die")
        {
            chat.Log.Text.Should().Contain("Its exit code is 3. It wrote last: I die with ***");
        }

        if (harm == "flood")
        {
            chat.Log.Text.Split("MCP server npm wrote:").Length.Should().BeLessThan(700, "its lines are bounded");
        }
    }
}
