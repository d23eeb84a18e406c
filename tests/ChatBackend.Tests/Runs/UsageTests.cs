using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Runs;

/// <summary>Whatever way a run ends, what its finished steps took is counted.</summary>
public sealed class UsageTests
{
    private static readonly TokenUsage OneStep = new() { InputTokens = 1, OutputTokens = 2 };

    [Fact]
    public async Task A_stopped_run_says_what_it_used()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"say":"so far","chunks":2},{"tool":"look"},{"wait_ms":600000}]}""");
        await client.Frames.UntilAsync<ToolCompleted>();

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Usage.Should().Be(OneStep);
    }

    [Fact]
    public async Task A_failed_run_says_what_it_used()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"say":"so far","chunks":2},{"tool":"look"},{"crash":"no more"}]}""");

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Usage.Should().Be(OneStep);
    }
}
