using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>A run that no process has: its one end is recorded, with what is known of it, and what waits behind it is answered.</summary>
public sealed class AdoptionTests : IDisposable
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
        metrics.Split('\n').Should().ContainSingle(line => line.StartsWith("chat_runs_total{", StringComparison.Ordinal) && line.Contains("\"interrupted\"", StringComparison.Ordinal))
            .Which.Should().EndWith(" 1");
        await server.UntilGaugeAsync("chat_runs_open", 0);
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
    public async Task A_run_whose_end_broke_ends_once_with_all_it_said_although_nothing_was_saved()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var left = 1;
        log().FaultOf = append => Ends(append) && left-- > 0 ? AppendFault.Bug : null;

        var ack = await client.PlayAsync(Hello);

        var failed = (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Subject;
        (failed.Code, failed.Content).Should().Be((RunFailure.Interrupted, "hello"));
        (await client.EndOfAsync(await client.PlayAsync(Hello, ack.ThreadId))).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<RunEvent>().Where(ofRun => ofRun.RunId == ack.RunId).Should().HaveCount(2);
        await server.UntilGaugeAsync("chat_runs_open", 0);
    }

    [Fact]
    public async Task While_an_end_cannot_be_recorded_a_stop_is_taken_and_decides_how_it_ended()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var isBroken = true;
        log().FaultOf = append => isBroken && Ends(append) ? AppendFault.Bug : null;
        var ack = await client.PlayAsync(Hello);
        await server.UntilGaugeAsync("chat_runs_open", 0);
        await server.UntilGaugeAsync("""chat_background_items_failing{service="adoption"}""", 1);

        (await client.Connection.StopAsync(ack.ThreadId!.Value, ack.RunId).Soon()).RunId.Should().Be(ack.RunId);
        var waiting = await client.PlayAsync(Hello, ack.ThreadId);
        waiting.RunId.Should().BeNull();
        isBroken = false;

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Should().Match<AgentStopped>(stopped => stopped.Content == "hello" && stopped.Reason == StopReason.User);
        var next = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        (await client.EndOfAsync(next.RunId)).Should().BeOfType<AgentCompleted>();
        await server.UntilGaugeAsync("""chat_background_items_failing{service="adoption"}""", 0);
    }

    [Fact]
    public async Task A_stop_that_was_accepted_before_the_end_broke_is_how_it_ended_and_the_next_run_is_not_stopped_by_it()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var left = 1;
        log().FaultOf = append => Ends(append) && left-- > 0 ? AppendFault.Bug : null;
        var ack = await client.PlayAsync("""{"steps":[{"say":"half"},{"wait_ms":600000}]}""");
        var waiting = await client.PlayAsync(Hello, ack.ThreadId);
        await client.Frames.UntilAsync<AgentDelta>();

        await client.Connection.StopAsync(ack.ThreadId!.Value, ack.RunId).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Content.Should().Be("half");
        var next = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        (await client.EndOfAsync(next.RunId)).Should().BeOfType<AgentCompleted>();
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
        await server.UntilGaugeAsync("chat_runs_open", 1);

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

    /// <summary>What a process leaves that died, with a piece of text that it had saved.</summary>
    private async Task<(ChatBackend.Client.GuestSession Guest, ThreadId Thread)> LeaveAsync(params ThreadEvent[] events)
    {
        await using var server = new ChatServer(_data);
        var guest = await server.GuestAsync();
        var thread = ThreadId.New();
        var writer = new ThreadWriter(thread, server.Services.GetRequiredService<IEventLog>(), new ThreadPublisher(thread, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        await writer.AppendAsync(events, creator: guest.UserId);
        if (writer.State!.Run is { } run)
        {
            await writer.AppendAsync([], checkpoint: new PartCheckpoint(run.Id, new PartId("part_1"), PartKind.Text, 0, "saved text"));
        }

        return (guest, thread);
    }

    private static bool Ends(LogAppend append) => append.Events.Any(logged =>
        Encoding.UTF8.GetString(logged.Json.Span) is var json && (json.Contains("\"agent_completed\"") || json.Contains("\"agent_failed\"") || json.Contains("\"agent_stopped\"")));

    private static ChatServer Server(out Func<FaultyLog> log)
    {
        var server = new ChatServer(services => services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>())));
        log = () => (FaultyLog)server.Services.GetRequiredService<IEventLog>();
        return server;
    }
}
