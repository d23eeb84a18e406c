using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;

namespace ChatBackend.Tests.Threads;

/// <summary>A process that opens a thread reads its log from the oldest open work on: what came before is not there to be understood.</summary>
public sealed class OpenedAgainTests
{
    private const string Short = """{"steps":[{"say":"fine"}]}""";

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_message_that_an_earlier_run_took_in_is_not_answered_again_because_an_older_one_waits()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var (thread, run, at) = (ThreadId.New(), new RunId("run_1"), server.Clock.GetUtcNow());
        ThreadEvent[] events =
        [
            Message("msg_1", null),
            new AgentStarted { RunId = run, Agent = "script", MessageId = new MessageId("msg_1") },
            Message("msg_2", WhenRunning.Queue),
            Message("msg_3", WhenRunning.Steer),
            new MessageSteered { RunId = run, MessageId = new MessageId("msg_3") },
            new AgentFailed { RunId = run, Code = RunFailure.Interrupted, Message = "The process died.", Retryable = true },
        ];
        var logged = events.Select((threadEvent, i) => threadEvent with { ThreadId = thread, Seq = i + 1, At = at })
            .Select(threadEvent => new LogEvent(threadEvent.Seq, WireJson.Encode(threadEvent), null, null));
        await server.Services.GetRequiredService<IEventLog>().AppendAsync(
            new LogAppend { Thread = thread, Epoch = 1, Head = 0, NewOwner = client.Guest.UserId, OpenFrom = 3, Events = [.. logged], At = at },
            CancellationToken.None).Soon();

        await client.Connection.FollowAsync(thread).Soon();
        await client.Frames.UntilAsync<AgentCompleted>();
        // A further message is answered next; nothing goes before it.
        var last = await client.PlayAsync(Short, thread);
        await client.Frames.UntilAsync(frames => frames.OfType<AgentCompleted>().Count() == 2);

        client.Frames.All().OfType<AgentStarted>().Select(started => started.MessageId).Should().Equal(
            new MessageId("msg_1"), new MessageId("msg_2"), last.MessageId!.Value);
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_run_that_waits_for_a_decision_goes_on_in_the_next_process_and_what_waits_behind_it_is_answered()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            await using var first = new ChatServer(data);
            await using var early = await first.ConnectAsync();
            var asking = await early.PlayAsync("""{"steps":[{"say":"so far"},{"tool":"mail","approval":true},{"say":"done"}]}""");
            var required = await early.Frames.UntilAsync<ApprovalRequired>();
            var waiting = await early.PlayAsync(Short, asking.ThreadId);
            await first.DisposeAsync();

            await using var next = new ChatServer(data);
            await using var late = await next.ConnectAsync(early.Guest);
            await late.Connection.FollowAsync(asking.ThreadId!.Value).Soon();
            await late.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();

            (await late.EndOfAsync(asking)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
            var started = await late.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
            (await late.EndOfAsync(started.RunId)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("fine");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    [Trait("failure", "D16")]
    public async Task A_message_that_comes_as_its_thread_goes_to_rest_is_answered_by_a_run_that_nothing_interrupts()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync(Short);
        await client.EndOfAsync(first);
        var thread = first.ThreadId!.Value;
        for (var i = 0; i < 40; i++)
        {
            await client.Connection.UnfollowAsync(thread).Soon();
            await using var other = await server.ConnectRawAsync(client.Guest);

            // The stop finds nothing to stop, and nobody follows: the thread would rest after it.
            await Task.WhenAll(
                other.SendAsync($$"""{"type":"stop","id":"s{{i}}","thread_id":"{{thread}}"}"""),
                client.PlayAsync(Short, thread));
            (await other.ReceiveAsync()).GetProperty("type").GetString().Should().BeOneOf("error", "ack");
        }

        await client.Connection.FollowAsync(thread).Soon();
        await client.Frames.UntilAsync(frames => frames.OfType<RunEvent>().Where(threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed).DistinctBy(end => end.RunId).Count() == 41);
        client.Frames.All().OfType<AgentFailed>().Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "D16")]
    public async Task A_message_finds_its_thread_also_when_that_has_gone_to_rest_just_before()
    {
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() switch
        {
            IThreadGrain grain => ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) =>
                called == nameof(IThreadGrain.Chat) ? AfterRestAsync(grain, () => (Task<CommandReply>)next()!) : next()),
            var other => other,
        }));
        await using var client = await server.ConnectAsync();
        var first = await client.PlayAsync(Short);
        await client.EndOfAsync(first);
        await client.Connection.UnfollowAsync(first.ThreadId!.Value).Soon();

        var second = await client.PlayAsync(Short, first.ThreadId);

        second.Seq.Should().Be(4);
        (await client.EndOfAsync(second)).Should().BeOfType<AgentCompleted>();
    }

    [Fact]
    [Trait("failure", "Q3")]
    public async Task While_a_run_cannot_be_ended_its_thread_is_followed_renamed_and_written_to_and_the_run_ends_when_it_can()
    {
        var log = default(FaultyLog);
        await using var server = new ChatServer(services => services.AddSingleton<IEventLog>(provider => log = new FaultyLog(provider.GetRequiredService<SqliteEventLog>())));
        await using var client = await server.ConnectAsync();
        var isBroken = true;
        log!.FaultOf = append => isBroken && append.Events.Any(logged => Encoding.UTF8.GetString(logged.Json.Span) is var json && (json.Contains("\"agent_completed\"") || json.Contains("\"agent_failed\"")))
            ? AppendFault.Bug : null;
        var open = await client.PlayAsync(Short);
        await server.UntilGaugeAsync("chat_runs", 0);

        for (var i = 0; i < 3; i++)
        {
            await (await server.RestAsync(client.Guest)).JsonAsync(HttpMethod.Patch, $"/api/threads/{open.ThreadId}", $$"""{"title":"title {{i}}"}""");
            (await client.PlayAsync(Short, open.ThreadId)).Seq.Should().Be(4 + (2 * i));
        }

        isBroken = false;
        (await client.EndOfAsync(open)).Should().BeOfType<AgentFailed>();
        await client.Frames.UntilAsync(frames => frames.OfType<AgentCompleted>().Count() == 3);
        var events = client.Frames.All().OfType<ThreadEvent>().ToList();
        events.Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, events.Count).Select(seq => (long)seq));
    }

    private static async Task<CommandReply> AfterRestAsync(IThreadGrain grain, Func<Task<CommandReply>> chat)
    {
        await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        return await chat();
    }

    private static UserMessage Message(string id, WhenRunning? whenRunning) => new()
    {
        MessageId = new MessageId(id), Content = Short, ClientId = new ClientFrameId($"c_{id}"), Agent = "script", WhenRunning = whenRunning,
    };
}
