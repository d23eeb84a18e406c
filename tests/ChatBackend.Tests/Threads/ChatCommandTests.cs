using ChatBackend.Protocol;
using ChatBackend.Threads;
using static ChatBackend.Tests.Threads.CommandBench;

namespace ChatBackend.Tests.Threads;

/// <summary>What a message becomes, and why it is refused.</summary>
public sealed class ChatCommandTests : IAsyncLifetime
{
    private static readonly (ErrorCode, string) NotFound = (ErrorCode.NotFound, "There is no such thread.");
    private static readonly (ErrorCode, string) OtherCommand = (ErrorCode.IdConflict, "This id was already used for another command.");

    private CommandBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await CommandBench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_first_message_makes_the_thread_and_begins_a_run()
    {
        var effect = await _bench.Commands.ChatAsync(_bench.Chat(creates: true, whenRunning: WhenRunning.Interrupt));

        var events = await _bench.Thread.EventsAsync();
        var message = events[0].Should().BeOfType<UserMessage>().Subject;
        var started = events[1].Should().BeOfType<AgentStarted>().Subject;
        events.Should().HaveCount(2);
        (message.Content, message.ClientId.Value, message.Agent, message.WhenRunning, message.Replaces).Should().Be(("hello", "c1", "script", null, null));
        (started.Agent, started.MessageId).Should().Be(("script", message.MessageId));
        AckOf(effect).Should().Be(new Ack
        {
            Id = new ClientFrameId("c1"), Status = AckStatus.Accepted, ThreadId = _bench.Thread.Thread, Seq = 1, MessageId = message.MessageId, RunId = started.RunId,
        });
        (effect.IsNew, effect.Stops, effect.Reply.Thread, effect.Reply.Seq).Should().Be((true, null, _bench.Thread.Thread, 1));
        _bench.Thread.Writer.State!.Owner.Should().Be(_bench.Owner);
    }

    [Fact]
    public async Task A_repeated_message_is_answered_as_the_first_and_another_under_its_id_is_refused()
    {
        var first = await _bench.Commands.ChatAsync(_bench.Chat(creates: true));
        var elsewhere = new ThreadCommands(
            ThreadId.New(), new ThreadWriter(ThreadId.New(), _bench.Thread.Log, _bench.Thread.Live, _bench.Clock), _bench.Thread.Log, CommandBench.Agents(), _bench.Runs, _ => false, new ThreadOptions());

        await _bench.AssertRepeatedAsync(first, () => elsewhere.ChatAsync(_bench.Chat(creates: true)));
        (await RefusalOfAsync(() => elsewhere.ChatAsync(_bench.Chat(creates: true, content: "other")))).Should().Be(OtherCommand);
        var second = await _bench.Commands.ChatAsync(_bench.Chat("c2"));
        await _bench.AssertRepeatedAsync(second, () => _bench.Commands.ChatAsync(_bench.Chat("c2")));
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat("c2", WhenRunning.Steer)))).Should().Be(OtherCommand);
    }

    [Fact]
    public async Task In_a_thread_that_is_not_the_users_only_a_retry_is_answered()
    {
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat()))).Should().Be(NotFound);
        await _bench.Thread.CreateAsync();
        var first = await _bench.Commands.ChatAsync(_bench.Chat());
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat() with { User = UserId.New() }))).Should().Be(NotFound);
        await _bench.Thread.Writer.DeleteAsync(_bench.Thread.Store, _bench.Owner);

        await _bench.AssertRepeatedAsync(first, () => _bench.Commands.ChatAsync(_bench.Chat()));
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat("c2")))).Should().Be(NotFound);
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat(content: "other")))).Should().Be(OtherCommand);
    }

    [Theory]
    [InlineData(null, "script")]
    [InlineData("script", "script")]
    [InlineData("nobody", null)]
    public async Task A_message_is_for_an_agent_that_is_there(string? agent, string? answers)
    {
        await _bench.Thread.CreateAsync();
        if (answers is null)
        {
            (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat(agent: agent)))).Should().Be(
                (ErrorCode.UnknownAgent, "No agent has that name. connection_established lists the available ones."));
            (await _bench.Thread.EventsAsync()).Should().BeEmpty();
            return;
        }

        await _bench.Commands.ChatAsync(_bench.Chat(agent: agent));

        var events = await _bench.Thread.EventsAsync();
        (((UserMessage)events[0]).Agent, ((AgentStarted)events[1]).Agent).Should().Be((agent, answers));
    }

    [Theory]
    [InlineData(WhenRunning.Queue, null)]
    [InlineData(WhenRunning.Steer, null)]
    [InlineData(WhenRunning.Interrupt, StopReason.InterruptedByMessage)]
    public async Task In_a_busy_thread_a_message_waits(WhenRunning whenRunning, StopReason? stops)
    {
        await _bench.Thread.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"));

        var effect = await _bench.Commands.ChatAsync(_bench.Chat(whenRunning: whenRunning));

        var message = (await _bench.Thread.EventsAsync())[2..].Should().ContainSingle().Which.Should().BeOfType<UserMessage>().Subject;
        message.WhenRunning.Should().Be(whenRunning);
        var ack = AckOf(effect);
        (ack.Seq, ack.RunId, ack.MessageId, effect.Reply.Seq, effect.Stops, effect.IsNew).Should().Be((3, null, message.MessageId, 3, stops, true));
    }

    [Fact]
    public async Task An_interrupting_message_that_is_sent_again_ends_the_run_that_it_found_and_no_later_one()
    {
        await _bench.Thread.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Message("msg_2", WhenRunning.Interrupt));
        await _bench.Commands.ChatAsync(_bench.Chat(whenRunning: WhenRunning.Interrupt));

        var again = await _bench.Commands.ChatAsync(_bench.Chat(whenRunning: WhenRunning.Interrupt));
        (again.IsNew, again.Stops).Should().Be((false, StopReason.InterruptedByMessage));
        await _bench.Thread.AppendAsync(WriterBench.Answered("run_1"), WriterBench.Started("run_2", "msg_2"));
        var late = await _bench.Commands.ChatAsync(_bench.Chat(whenRunning: WhenRunning.Interrupt));

        (late.IsNew, late.Stops).Should().Be((false, null));
    }

    [Fact]
    public async Task A_busy_thread_refuses_what_must_not_wait_and_what_is_too_much()
    {
        await _bench.Thread.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"));
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat(whenRunning: WhenRunning.Reject)))).Should().Be(
            (ErrorCode.RunInProgress, "The agent is still answering."));
        await _bench.Commands.ChatAsync(_bench.Chat("c1"));
        var last = await _bench.Commands.ChatAsync(_bench.Chat("c2"));

        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat("c3")))).Should().Be(
            (ErrorCode.QuotaExceeded, "2 messages wait in this thread already."));
        await _bench.AssertRepeatedAsync(last, () => _bench.Commands.ChatAsync(_bench.Chat("c2")));
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat("c2", content: "other")))).Should().Be(OtherCommand);
        (await _bench.Thread.EventsAsync()).Should().HaveCount(4);
    }

    [Fact]
    public async Task While_the_server_stops_a_message_is_taken_and_no_run_begins()
    {
        await _bench.Thread.CreateAsync();
        await _bench.Runs.DrainAsync(CancellationToken.None);

        var ack = AckOf(await _bench.Commands.ChatAsync(_bench.Chat(whenRunning: WhenRunning.Reject)));

        (ack.Seq, ack.RunId).Should().Be((1, null));
        (await _bench.Thread.EventsAsync()).Should().ContainSingle().Which.Should().BeOfType<UserMessage>().Which.WhenRunning.Should().BeNull();
    }

    [Fact]
    public async Task A_message_that_replaces_another_comes_after_the_rewind_to_before_it()
    {
        await _bench.Thread.CreateAsync(
            WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Answered("run_1"), WriterBench.Message("msg_2"), WriterBench.Started("run_2", "msg_2"));
        var waiting = await _bench.Commands.ChatAsync(_bench.Chat("c1"));

        var effect = await _bench.Commands.ChatAsync(_bench.Chat("c2", replaces: "msg_2"));

        var events = (await _bench.Thread.EventsAsync())[6..];
        events[0].Should().BeOfType<ThreadRewound>().Which.ToSeq.Should().Be(3);
        var message = events[1].Should().BeOfType<UserMessage>().Subject;
        events.Should().HaveCount(2, "a run is under way");
        (message.Replaces!.Value.Value, message.WhenRunning).Should().Be(("msg_2", WhenRunning.Queue));
        (AckOf(effect).Seq, effect.Reply.Seq, AckOf(waiting).Seq).Should().Be((8, 8, 6));
        _bench.Thread.Writer.State!.Waiting.Select(waits => waits.Seq).Should().Equal(8);
        await _bench.Thread.AppendAsync(WriterBench.Answered("run_2"));
        await _bench.Commands.ChatAsync(_bench.Chat("c3", replaces: "msg_1"));
        (await _bench.Thread.EventsAsync())[9..].Select(threadEvent => threadEvent.GetType()).Should().Equal(typeof(ThreadRewound), typeof(UserMessage), typeof(AgentStarted));
    }

    [Theory]
    [InlineData("msg_9")]
    [InlineData("call_1")]
    public async Task Only_a_message_of_the_thread_is_replaced(string id)
    {
        await _bench.Thread.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Required("run_1", "call_1", Start));

        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat(replaces: id)))).Should().Be((ErrorCode.NotFound, "The message to replace was not found."));
        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat(creates: true, replaces: "msg_1")))).Should().Be((ErrorCode.NotFound, "The message to replace was not found."));
    }

    [Fact]
    public async Task In_a_thread_that_another_writer_has_nothing_takes_effect()
    {
        await _bench.Thread.CreateAsync();
        await _bench.Thread.Another().OpenAsync();

        (await RefusalOfAsync(() => _bench.Commands.ChatAsync(_bench.Chat()))).Should().Be(
            (ErrorCode.Unavailable, "The server cannot do that at the moment. Send the same again: it takes effect once."));
        _bench.Thread.Writer.IsFenced.Should().BeTrue();
    }
}
