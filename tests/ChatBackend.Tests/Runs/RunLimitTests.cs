using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Runs;

/// <summary>What ends a run that would go on, or could not begin.</summary>
public sealed class RunLimitTests
{
    [Theory]
    [InlineData("say", 1)]
    [InlineData("think", 1)]
    [InlineData("say", 20)]
    [Trait("failure", "D20")]
    public async Task A_run_that_says_more_than_it_may_is_stopped(string kind, int chunks)
    {
        await using var server = new ChatServer(("Runs:MaxOutputCharacters", "1000"));
        await using var client = await server.ConnectAsync();

        var whole = await client.PlayAsync($$"""{"steps":[{"{{kind}}":"{{new string('x', 1000)}}","chunks":{{chunks}}}]}""");
        (await client.EndOfAsync(whole)).Should().BeOfType<AgentCompleted>();
        var ack = await client.PlayAsync($$"""{"steps":[{"{{kind}}":"{{new string('x', 1001)}}","chunks":{{chunks}}},{"wait_ms":600000}]}""");

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.Budget);
    }

    [Fact]
    [Trait("failure", "D20")]
    public async Task What_all_steps_of_a_run_say_counts_together()
    {
        await using var server = new ChatServer(("Runs:MaxOutputCharacters", "1000"));
        await using var client = await server.ConnectAsync();
        var half = new string('x', 501);

        var ack = await client.PlayAsync($$"""{"steps":[{"think":"{{half}}"},{"tool":"look"},{"say":"{{half}}"},{"wait_ms":600000}]}""");

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.Budget);
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "D18")]
    public async Task A_message_for_an_agent_that_is_configured_no_more_is_answered_with_a_failure_that_no_retry_mends()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var message = new UserMessage
        {
            ThreadId = ThreadId.New(), Seq = 1, At = server.Clock.GetUtcNow(), MessageId = MessageId.New(), Content = "hello", ClientId = new("c_1"), Agent = "gone",
        };
        await server.Services.GetRequiredService<IEventLog>().AppendAsync(
            new LogAppend
            {
                Thread = message.ThreadId, Epoch = 1, Head = 0, NewOwner = client.Guest.UserId, OpenFrom = 1, At = message.At,
                Events = [new LogEvent(1, WireJson.Encode(message), null)],
            },
            CancellationToken.None).Soon();

        await client.Connection.FollowAsync(message.ThreadId).Soon();

        var failed = await client.Frames.UntilAsync<AgentFailed>();
        (failed.Code, failed.Retryable).Should().Be((RunFailure.UnknownAgent, false));
        failed.Message.Should().Contain("gone");
    }

    [Fact]
    [Trait("failure", "D19")]
    public async Task A_failure_of_the_server_may_be_tried_again_and_names_its_run()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync("""{"steps":[{"crash":"bug"}]}""");

        var failed = (AgentFailed)await client.EndOfAsync(ack);
        failed.Message.Should().Contain(ack.RunId!.Value.Value);
    }
}
