using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>The machine's clock is set back: nothing runs backwards, and nothing waits for the old time.</summary>
[Trait("failure", "Q20")]
public sealed class ClockSetBackTests : IDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";
    private static readonly TimeSpan Back = TimeSpan.FromHours(-3);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    [Fact]
    public async Task Times_of_a_thread_never_run_backwards_nor_does_a_duration()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync(Hello);
        await client.EndOfAsync(first);
        var slow = await client.PlayAsync("""{"steps":[{"say":"a"},{"tool":"slow","ms":300},{"say":"b"}]}""", first.ThreadId);
        await client.Frames.UntilAsync<ToolExecuting>();
        server.Clock.Shift = Back;
        var completed = (await client.EndOfAsync(slow)).Should().BeOfType<AgentCompleted>().Subject;
        await client.EndOfAsync(await client.PlayAsync(Hello, first.ThreadId));

        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.At).Should().BeInAscendingOrder();
        completed.DurationMs.Should().BeInRange(200, 60_000); // a timer may end a little before its time
    }

    [Fact]
    public async Task Nor_do_they_after_a_restart()
    {
        Ack first;
        ChatBackend.Client.GuestSession guest;
        await using (var before = new ChatServer(_data))
        {
            await using var earlier = await before.ConnectAsync();
            guest = earlier.Guest;
            first = await earlier.PlayAsync(Hello);
            await earlier.EndOfAsync(first);
        }

        await using var server = new ChatServer(_data);
        server.Clock.Shift = Back;
        await using var client = await server.ConnectAsync(guest);
        await client.EndOfAsync(await client.PlayAsync(Hello, first.ThreadId));
        await client.Connection.FollowAsync(first.ThreadId!.Value, 0).Soon();
        await client.Frames.UntilAsync<CaughtUp>();

        client.Frames.All().OfType<ThreadEvent>().DistinctBy(threadEvent => threadEvent.Seq).OrderBy(threadEvent => threadEvent.Seq)
            .Select(threadEvent => threadEvent.At).Should().HaveCount(6).And.BeInAscendingOrder();
    }

    [Fact]
    public async Task The_list_has_the_thread_first_that_was_written_in_last()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var before = await client.PlayAsync(Hello);
        await client.EndOfAsync(before);
        server.Clock.Shift = Back;
        var after = await client.PlayAsync(Hello);
        await client.EndOfAsync(after);

        var first = await rest.GetAsync("/api/threads?limit=1");
        var second = await rest.GetAsync($"/api/threads?limit=1&cursor={first.GetProperty("next_cursor").GetString()}");

        first.GetProperty("threads")[0].GetProperty("thread_id").GetString().Should().Be(after.ThreadId!.Value.Value);
        second.GetProperty("threads")[0].GetProperty("thread_id").GetString().Should().Be(before.ThreadId!.Value.Value);
    }

    [Fact]
    public async Task An_approval_expires_after_its_time_has_passed()
    {
        await using var server = new ChatServer(("Runs:ApprovalTimeout", "00:00:01"));
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"tool":"mail","approval":true},{"say":"done"}]}""");
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        server.Clock.Shift = Back;

        await client.EndOfAsync(ack);

        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Rejected);
        (await TestClient.RefusalOfAsync(() => client.Connection.DecideAsync(asked, ApprovalDecision.Approve).Soon())).Should().Be(ErrorCode.Expired);
    }

    [Fact]
    public async Task A_clock_set_forward_ends_no_approval_early()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"tool":"mail","approval":true},{"say":"done"}]}""");
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        server.Clock.Shift = -Back;

        await client.Connection.DecideAsync(asked, ApprovalDecision.Approve).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
    }

    public void Dispose() => _data.Delete(recursive: true);
}
