using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A stop says what it ends: the open run, or a message that only waits. Each has one effect.</summary>
public sealed class TakeBackTests
{
    private const string Forever = """{"steps":[{"wait_ms":600000}]}""";
    private const string Never = """{"steps":[{"say":"never said"}]}""";

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_message_that_waits_can_be_taken_back_and_is_never_answered()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var tab = await server.ConnectAsync(client.Guest);
        var busy = await client.PlayAsync(Forever);
        var thread = busy.ThreadId!.Value;
        await tab.Connection.FollowAsync(thread).Soon();
        var waiting = await client.PlayAsync(Never, thread);
        var id = ClientFrameId.New();

        var removed = await tab.Connection.StopAsync(thread, message: waiting.MessageId, id: id).Soon();
        var again = await tab.Connection.StopAsync(thread, message: waiting.MessageId, id: id).Soon();

        var threadEvent = await client.Frames.UntilAsync<MessageRemoved>();
        threadEvent.MessageId.Should().Be(waiting.MessageId!.Value);
        removed.Should().BeEquivalentTo(new { Status = AckStatus.Accepted, waiting.MessageId, Seq = (long?)threadEvent.Seq, RunId = (RunId?)null });
        again.Should().Be(removed with { Status = AckStatus.Duplicate });
        (await TestClient.RefusalOfAsync(() => tab.Connection.StopAsync(thread, message: waiting.MessageId).Soon())).Should().Be(ErrorCode.NoSuchRun);
        (await TestClient.RefusalOfAsync(() => tab.Connection.StopAsync(thread, message: MessageId.New()).Soon())).Should().Be(ErrorCode.NoSuchRun);
        await client.Connection.StopAsync(thread).Soon();
        await client.EndOfAsync(busy);
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"next"}]}""", thread));
        client.Frames.All().OfType<AgentStarted>().Should().HaveCount(2).And.NotContain(run => run.MessageId == waiting.MessageId);
        client.Frames.All().OfType<MessageRemoved>().Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "P2")]
    public async Task A_message_that_is_being_answered_is_taken_back_by_ending_its_run()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync("""{"steps":[{"tool":"look"},{"tool":"gate","ms":600000}]}""");
        await client.Frames.UntilAsync<ToolExecuting>(tool => tool.Tool == "gate");

        await client.Connection.StopAsync(busy.ThreadId!.Value, message: busy.MessageId).Soon();

        var end = (await client.EndOfAsync(busy)).Should().BeOfType<AgentStopped>().Subject;
        end.SideEffects!.Select(effect => (effect.Tool, effect.Outcome)).Should().Equal(("look", ToolOutcome.Succeeded), ("gate", ToolOutcome.Abandoned));
    }

    [Fact]
    [Trait("failure", "D21")]
    [Trait("failure", "P2")]
    public async Task Two_stops_at_once_from_two_tabs_end_a_run_once()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var tab = await server.ConnectAsync(client.Guest);
        var thread = (await client.PlayAsync(Never)).ThreadId!.Value;
        await client.Frames.UntilAsync<AgentCompleted>();
        for (var round = 0; round < 50; round++)
        {
            var busy = await client.PlayAsync(Forever, thread); // stopped before its first event, from a tab that does not even follow

            var stops = await Task.WhenAll(StopAsync(client, thread), StopAsync(tab, thread), StopAsync(tab, thread));

            stops.Should().Contain(AckStatus.Accepted.ToString()).And.OnlyContain(answer => answer == nameof(AckStatus.Accepted) || answer == nameof(ErrorCode.NoSuchRun));
            (await client.EndOfAsync(busy)).Should().BeOfType<AgentStopped>();
            client.Frames.All().OfType<AgentStopped>().Should().HaveCount(round + 1);
        }
    }

    private static async Task<string> StopAsync(TestClient client, ThreadId thread)
    {
        try
        {
            return (await client.Connection.StopAsync(thread).Soon()).Status.ToString();
        }
        catch (ChatBackend.Client.ChatErrorException ex)
        {
            return ex.Code.ToString();
        }
    }
}
