using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What a run does becomes events of its thread: each once, in order, and none after the run is over.</summary>
public sealed class RunSinkCommitTests : IAsyncDisposable
{
    private static readonly TimeSpan Given = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));
    private RunBench _run = null!;

    [Fact]
    public async Task What_a_run_says_and_calls_is_written_as_it_is()
    {
        _run = await RunBench.StartAsync(_clock);
        await _run.WriteTextAsync("hm", PartKind.Thinking);
        var thought = _run.Thread.Live.PartFrom(0)!.Part;
        await _run.WriteTextAsync("the ");
        await _run.WriteTextAsync("answer");
        var said = _run.Thread.Live.PartFrom(0)!.Part;
        await _run.Sink.CompletePartAsync(CancellationToken.None);
        _run.Thread.Live.PartFrom(0).Should().BeNull();
        await _run.Sink.CompletePartAsync(CancellationToken.None);
        await _run.BeginToolAsync();
        await _run.Sink.ToolEndedAsync(WriterBench.Completed("another", "call_1"), null, CancellationToken.None);

        var events = await _run.EventsAsync();
        events.Should().HaveCount(4).And.AllBeAssignableTo<RunEvent>();
        events.Cast<RunEvent>().Should().OnlyContain(threadEvent => threadEvent.RunId == RunBench.Run);
        events.OfType<AgentPart>().Select(part => (part.PartId, part.Kind, part.Text)).Should().Equal(
            (thought, PartKind.Thinking, "hm"), (said, PartKind.Text, "the answer"));
        var begun = events[2].Should().BeOfType<ToolExecuting>().Subject;
        (begun.CallId.Value, begun.Tool, begun.Arguments.GetRawText()).Should().Be(("call_1", "look", """{"at":1}"""));
        var ended = events[3].Should().BeOfType<ToolCompleted>().Subject;
        (ended.CallId.Value, ended.Tool, ended.Outcome, ended.DurationMs).Should().Be(("call_1", "mail", ToolOutcome.Succeeded, 1));
        _run.TitledBy.Should().BeEmpty("a title is made when a run ends, or when it asks somebody");
        _run.Thread.Appends.Should().HaveCount(4, "where nothing was said nothing is written");
    }

    [Fact]
    public async Task What_the_store_did_not_take_is_tried_again_ever_less_often()
    {
        var clock = new HeldTime();
        _run = await RunBench.StartAsync(clock);
        List<int> pauses = [];
        _run.Thread.Appending = () => pauses.Add(clock.Ended);
        _run.Thread.Fail(AppendFault.Before, 12);

        var begun = _run.BeginToolAsync();
        for (var pause = 0; pause < 12; pause++)
        {
            await clock.EndNextAsync();
        }

        await begun.Soon();
        pauses.Should().Equal(Enumerable.Range(0, 13), "it is tried once after each pause");
        clock.Waits.Select(wait => wait.TotalMilliseconds).Should().Equal([100, 200, 400, 800, 1600, .. Enumerable.Repeat(2000, 7)]);
        await _run.BeginToolAsync("call_2");
        (await _run.EventsAsync()).Cast<ToolExecuting>().Select(tool => tool.CallId.Value).Should().Equal("call_1", "call_2");
    }

    [Fact]
    public async Task What_took_effect_unseen_is_not_written_again()
    {
        var clock = new HeldTime();
        _run = await RunBench.StartAsync(clock);
        _run.Thread.Fail(AppendFault.After);

        var begun = _run.BeginToolAsync();
        await clock.EndNextAsync();
        await begun.Soon();

        _run.Thread.Appends.Should().ContainSingle();
        await _run.BeginToolAsync("call_2");
        (await _run.EventsAsync()).Cast<ToolExecuting>().Select(tool => tool.CallId.Value).Should().Equal("call_1", "call_2");
    }

    [Fact]
    public async Task A_run_of_a_thread_that_another_writer_has_is_lost()
    {
        _run = await RunBench.StartAsync(_clock);
        await _run.Thread.Log.OpenAsync(_run.Thread.Thread, CancellationToken.None);

        await FluentActions.Awaiting(() => _run.BeginToolAsync()).Should().ThrowAsync<RunLostException>();

        (await _run.EventsAsync()).Should().BeEmpty();
        (await _run.Sink.EndAsync(new RunOutcome.Completed(AnswerFinish.Complete), null).Soon()).Should().BeNull();
        (await _run.EventsAsync()).Should().BeEmpty();
        _run.Ends.Should().Be(1);
    }

    [Fact]
    public async Task A_run_that_was_ended_without_it_is_lost()
    {
        _run = await RunBench.StartAsync(_clock);
        await _run.Thread.AppendAsync(WriterBench.Answered(RunBench.Id));

        await FluentActions.Awaiting(() => _run.BeginToolAsync()).Should().ThrowAsync<RunLostException>();
        (await _run.Sink.EndAsync(new RunOutcome.Completed(AnswerFinish.Complete), null).Soon()).Should().BeNull();

        _run.Thread.Appends.Should().BeEmpty();
        _run.Ends.Should().Be(1);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_writes_and_says_nothing()
    {
        _run = await RunBench.StartAsync(_clock);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await FluentActions.Awaiting(() => _run.Sink.WriteTextAsync(PartKind.Text, "late", cancelled.Token).AsTask()).Should().ThrowAsync<OperationCanceledException>();
        await FluentActions.Awaiting(() => _run.Sink.ToolEndedAsync(WriterBench.Completed(RunBench.Id, "call_1"), null, cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();

        _run.Thread.Live.PartFrom(0).Should().BeNull();
        _run.Thread.Appends.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_said_becomes_a_part_before_the_messages_that_enter_and_only_before_them()
    {
        _run = await RunBench.StartAsync(_clock);
        await _run.WriteTextAsync("a\uD83D");
        (await _run.Sink.TakeSteeredAsync(CancellationToken.None)).Should().BeEmpty();
        _run.Thread.Appends.Should().BeEmpty("no message waits");
        await _run.WriteTextAsync("\uDE00\uD83D");
        await _run.Thread.AppendAsync(WriterBench.Message("one", WhenRunning.Steer));

        (await _run.Sink.TakeSteeredAsync(CancellationToken.None)).Should().Equal("says one");
        await _run.WriteTextAsync("\uDE00b");
        _run.Thread.Live.PartFrom(0)!.Text.Should().Be("\uFFFDb", "another part begins, and half a character does not go into it");
        await _run.Sink.CompletePartAsync(CancellationToken.None);
        await _run.Thread.AppendAsync(WriterBench.Message("two", WhenRunning.Steer), WriterBench.Message("three", WhenRunning.Steer));
        (await _run.Sink.TakeSteeredAsync(CancellationToken.None)).Should().Equal("says two", "says three");

        var events = (await _run.EventsAsync()).OfType<RunEvent>().ToList();
        events.Select(threadEvent => (threadEvent as AgentPart)?.Text ?? ((MessageSteered)threadEvent).MessageId.Value).Should().Equal("a😀", "one", "\uFFFDb", "two", "three");
        events.Should().OnlyContain(threadEvent => threadEvent.RunId == RunBench.Run);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_is_asked_has_the_time_that_was_given_and_the_thread_a_title(bool isTitled)
    {
        _run = await RunBench.StartAsync(_clock);
        _run.Title = isTitled ? new ThreadRenamed { Title = "the title", By = RenamedBy.Agent, FromSeq = 1 } : null;
        var given = WriterBench.Required("another", "call_1", default);

        await _run.Sink.RequestApprovalAsync([given, given with { CallId = new CallId("call_2") }], Given, CancellationToken.None);

        var events = await _run.EventsAsync();
        events.OfType<ApprovalRequired>().Select(asked => (asked.RunId, asked.CallId.Value, asked.ExpiresAt)).Should().Equal(
            (RunBench.Run, "call_1", _clock.GetUtcNow() + Given), (RunBench.Run, "call_2", _clock.GetUtcNow() + Given));
        events.Skip(2).Select(threadEvent => ((ThreadRenamed)threadEvent).Title).Should().Equal(isTitled ? ["the title"] : []);
        _run.TitledBy.Should().Equal([null]);
        _run.Thread.Appends.Should().ContainSingle("a process that dies loses none of it");
        _clock.Advance(Given - TimeSpan.FromTicks(1));
        IsTooLate("call_1").Should().BeFalse();
        _clock.Advance(TimeSpan.FromTicks(1));
        (IsTooLate("call_1"), IsTooLate("call_2"), IsTooLate("call_3")).Should().Be((true, true, false));
    }

    [Fact]
    public async Task A_decision_that_was_told_is_handed_on_and_nothing_is_written()
    {
        _run = await RunBench.StartAsync(_clock, WriterBench.Required(RunBench.Id, "call_1", _clock.GetUtcNow() + Given));
        var decision = new ApprovalDecided { RunId = RunBench.Run, CallId = new CallId("call_1"), Decision = ApprovalDecision.Approve, DecidedBy = _run.Thread.Owner };

        var next = _run.Sink.NextDecisionAsync([new CallId("call_1")], _ => throw new InvalidOperationException("It is not too late."), CancellationToken.None);
        _run.Sink.Decided(decision);

        (await next.Soon()).Should().Be((new CallId("call_1"), decision));
        _run.Thread.Appends.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Too_late_is_what_the_thread_has_no_decision_for(bool isDecided)
    {
        _run = await RunBench.StartAsync(_clock, WriterBench.Required(RunBench.Id, "call_1", _clock.GetUtcNow() + Given));
        if (isDecided)
        {
            await _run.Thread.AppendAsync(new ApprovalDecided { RunId = RunBench.Run, CallId = new CallId("call_1"), Decision = ApprovalDecision.Reject, DecidedBy = _run.Thread.Owner });
        }

        _clock.Advance(Given);
        var (call, decided) = await _run.Sink.NextDecisionAsync(
            [new CallId("call_1")], late => WriterBench.Completed("another", late.Value, ToolOutcome.Rejected), CancellationToken.None).Soon();

        (call.Value, decided?.Decision).Should().Be(("call_1", isDecided ? ApprovalDecision.Reject : null));
        (await _run.EventsAsync()).OfType<ToolCompleted>().Select(ended => (ended.RunId, ended.CallId.Value, ended.Outcome))
            .Should().Equal(isDecided ? [] : [(RunBench.Run, "call_1", ToolOutcome.Rejected)]);
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    private bool IsTooLate(string call) => _run.Sink.IsTooLate(new CallId(call));
}
