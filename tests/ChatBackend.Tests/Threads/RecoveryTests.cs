using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A run that no process has: its one end is recorded, with what is known of it, and what waits behind it is answered.</summary>
public sealed class RecoveryTests : IDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task The_next_process_ends_it_with_what_was_saved_and_a_title_and_answers_what_waits()
    {
        var (guest, thread) = await LeaveAsync(
            WriterBench.Message("msg_1", content: "the question"), WriterBench.Started("run_1", "msg_1"),
            WriterBench.Message("msg_2", WhenRunning.Queue, "What is 6 * 7?"), WriterBench.Message("msg_3", WhenRunning.Queue, Hello) with { Agent = "script" });
        await using var server = new ChatServer(_data, ("Threads:AutoTitle", "true"));
        await using var client = await server.ConnectAsync(guest);
        await client.Connection.FollowAsync(thread, 0).Soon();

        await client.Frames.UntilAsync(frames => frames.OfType<AgentCompleted>().Count() == 2);

        var events = client.Frames.All().OfType<ThreadEvent>().Skip(4).ToList();
        events.Select(threadEvent => threadEvent.GetType()).Take(3).Should().Equal(typeof(AgentFailed), typeof(ThreadRenamed), typeof(AgentStarted));
        var failed = (AgentFailed)events[0];
        (failed.RunId.Value, failed.Code, failed.Content, failed.PartId, failed.Retryable).Should().Be(("run_1", RunFailure.Interrupted, "saved text", new PartId("part_1"), true));
        var renamed = (ThreadRenamed)events[1];
        (renamed.Title, renamed.By, renamed.FromSeq).Should().Be(("saved text", RenamedBy.Agent, 1));
        events.OfType<AgentStarted>().Select(started => (started.MessageId.Value, started.Agent)).Should().Equal(("msg_2", "demo"), ("msg_3", "script"));
        var metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        metrics.Split('\n').Should().ContainSingle(line => line.StartsWith("chat_runs_ended_total{", StringComparison.Ordinal) && line.Contains("\"interrupted\"", StringComparison.Ordinal))
            .Which.Should().EndWith(" 1");
        await server.UntilGaugeAsync("chat_runs", 0);
    }

    [Fact]
    public async Task A_message_that_only_waits_is_answered_by_the_next_process()
    {
        var (guest, thread) = await LeaveAsync(WriterBench.Message("msg_1", content: Hello) with { Agent = "script" });
        await using var server = new ChatServer(_data);
        await using var client = await server.ConnectAsync(guest);
        await client.Connection.FollowAsync(thread, 0).Soon();

        (await client.Frames.UntilAsync<AgentCompleted>()).Content.Should().Be("hello");
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.GetType()).Should().Equal(typeof(UserMessage), typeof(AgentStarted), typeof(AgentCompleted));
    }

    [Fact]
    public async Task A_run_that_waits_for_a_decision_and_is_stopped_while_the_server_is_away_from_it_ends()
    {
        var expires = TimeProvider.System.GetUtcNow().AddHours(1);
        var (guest, thread) = await LeaveAsync(
            WriterBench.Message("msg_1", content: """{"steps":[{"tool":"mail","approval":true},{"say":"done"}]}"""), WriterBench.Started("run_1", "msg_1"), WriterBench.Required("run_1", "call_1", expires));
        await using var server = new ChatServer(_data);
        await using var client = await server.ConnectAsync(guest);
        await client.Connection.FollowAsync(thread, 0).Soon();
        await server.UntilGaugeAsync("chat_runs", 1);

        await client.Connection.StopAsync(thread).Soon();

        var stopped = await client.Frames.UntilAsync<AgentStopped>();
        (stopped.RunId.Value, stopped.SideEffects).Should().Be(("run_1", null));
        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Rejected);
    }

    [Fact]
    public async Task While_the_server_stops_what_waits_is_left_to_the_next_process()
    {
        var first = new ChatServer(_data, ("Runs:DrainBound", "00:00:10"));
        await using var client = await first.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""");
        var waiting = await client.PlayAsync("""{"steps":[{"say":"two"}]}""", busy.ThreadId);
        var stopping = first.DisposeAsync().AsTask();
        await client.Frames.UntilAsync<ServerDraining>();
        first.Clock.OpenGates();
        await stopping.Soon();

        await using var server = new ChatServer(_data);
        await using var late = await server.ConnectAsync(client.Guest);
        await late.Connection.FollowAsync(busy.ThreadId!.Value, 0).Soon();
        (await late.EndOfAsync(busy)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("one");
        var started = await late.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        (await late.EndOfAsync(started.RunId)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("two");
        late.Frames.All().OfType<AgentFailed>().Should().BeEmpty();
    }

    private async Task<(GuestSession Guest, ThreadId Thread)> LeaveAsync(params ThreadEvent[] events)
    {
        await using var server = new ChatServer(_data);
        var (guest, thread) = (await server.GuestAsync(), ThreadId.New());
        await WriterBench.LeaveAsync(server, thread, guest.UserId, events);
        return (guest, thread);
    }
}
