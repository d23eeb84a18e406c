using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Titles;
using ThreadState = ChatBackend.Threads.ThreadState;

namespace ChatBackend.Tests.Threads;

/// <summary>What ends a run, to the second.</summary>
[Trait("failure", "D18")]
public sealed class TerminalEventsTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);
    private static readonly RunId Run = new("run_1");
    private static readonly TokenUsage Usage = new() { InputTokens = 1, OutputTokens = 2 };

    private ThreadState _state = new() { Owner = new UserId("usr_1"), Head = 0 };

    public TerminalEventsTests() => Apply(
        At,
        new UserMessage { MessageId = new("msg_1"), Content = "hello", ClientId = new("c") },
        new AgentStarted { RunId = Run, Agent = "agent", MessageId = new("msg_1") });

    [Fact]
    public void A_whole_answer_says_how_long_it_took()
    {
        var end = Ends(new RunOutcome.Completed(AnswerFinish.Complete), Part(PartKind.Text, "hello")).Should().ContainSingle().Which.Should().BeOfType<AgentCompleted>().Subject;

        (end.RunId, end.Content, end.PartId, end.Usage, end.DurationMs).Should().Be((Run, "hello", new PartId("part_1"), Usage, 5000));
        Ends(new RunOutcome.Completed(AnswerFinish.Complete), null).Should().ContainSingle().Which.Should().BeOfType<AgentCompleted>().Which.Content.Should().BeEmpty();
        Ends(new RunOutcome.Completed(AnswerFinish.Complete), null, At.AddSeconds(-1)).Should().ContainSingle().Which.Should().BeOfType<AgentCompleted>().Which.DurationMs.Should().Be(0, "the clock went back");
    }

    [Fact]
    public void What_is_under_way_is_abandoned_and_what_was_only_thought_is_not_an_answer()
    {
        Apply(At.AddSeconds(2), Executing("call_1"), Executing("call_2"), Completed("call_1"));

        var events = Ends(new RunOutcome.Stopped(StopReason.User), Part(PartKind.Thinking, "hm"));

        events.Should().HaveCount(3);
        var tool = events[0].Should().BeOfType<ToolCompleted>().Subject;
        (tool.CallId.Value, tool.Outcome, tool.DurationMs, tool.Error).Should().Be(("call_2", ToolOutcome.Abandoned, 3000, tool.Error));
        tool.Error.Should().NotBeNullOrEmpty();
        events[1].Should().BeOfType<AgentPart>().Which.Text.Should().Be("hm");
        var stopped = events[2].Should().BeOfType<AgentStopped>().Subject;
        (stopped.Content, stopped.PartId, stopped.Reason, stopped.Usage).Should().Be(("", null, StopReason.User, Usage));
        stopped.SideEffects!.Select(effect => (effect.CallId.Value, effect.Outcome)).Should().Equal(
            ("call_1", ToolOutcome.Succeeded), ("call_2", ToolOutcome.Abandoned));
    }

    [Theory]
    [InlineData(null, ToolOutcome.Rejected)]
    [InlineData(ApprovalDecision.Reject, ToolOutcome.Rejected)]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Abandoned)]
    public void A_call_that_waited_to_be_made_is_closed(ApprovalDecision? decision, ToolOutcome outcome)
    {
        Apply(At.AddSeconds(1), new ApprovalRequired { RunId = Run, CallId = new("call_1"), Tool = "mail", Arguments = default, ArgumentsDigest = "", ExpiresAt = default });
        if (decision is { } decided)
        {
            Apply(At.AddSeconds(2), new ApprovalDecided { RunId = Run, CallId = new("call_1"), Decision = decided, DecidedBy = new("usr_1") });
        }

        var events = Ends(new RunOutcome.Failed(RunFailure.Timeout, "late", Retryable: true), Part(PartKind.Text, "so far"));

        var tool = events[0].Should().BeOfType<ToolCompleted>().Subject;
        (tool.CallId.Value, tool.Tool, tool.Outcome, tool.DurationMs).Should().Be(("call_1", "mail", outcome, 4000));
        var failed = events[1].Should().BeOfType<AgentFailed>().Subject;
        (failed.Code, failed.Message, failed.Retryable, failed.Content, failed.Usage).Should().Be((RunFailure.Timeout, "late", true, "so far", Usage));
        failed.SideEffects.Should().BeNull("no tool had begun");
    }

    [Fact]
    public void Every_event_is_the_runs_own_and_says_why()
    {
        Apply(At.AddSeconds(1), Executing("call_1"), new ApprovalRequired { RunId = Run, CallId = new("call_2"), Tool = "ask", Arguments = default, ArgumentsDigest = "", ExpiresAt = default });

        var events = Ends(RunOutcome.Failed.Interrupted, Part(PartKind.Thinking, "hm"));

        events.Should().HaveCount(4).And.AllBeAssignableTo<RunEvent>();
        events.Cast<RunEvent>().Should().OnlyContain(threadEvent => threadEvent.RunId == Run);
        events.OfType<ToolCompleted>().Select(tool => (tool.Tool, tool.Error)).Should().Equal(
            ("mail", "The run ended before the tool did; whether it had its effect is not known."), ("ask", "The run ended before the tool was called."));
        var thought = events.OfType<AgentPart>().Single();
        (thought.PartId.Value, thought.Kind).Should().Be(("part_1", PartKind.Thinking));
        var failed = events.OfType<AgentFailed>().Single();
        (failed.Content, failed.PartId, failed.Usage).Should().Be((null, null, Usage));
        failed.SideEffects!.Select(effect => (effect.CallId.Value, effect.Tool, effect.Outcome)).Should().Equal(("call_1", "mail", ToolOutcome.Abandoned));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_said_is_kept_with_its_part(bool isStopped)
    {
        var end = Ends(isStopped ? new RunOutcome.Stopped(StopReason.Budget) : RunOutcome.Failed.Interrupted, Part(PartKind.Text, "so far")).Should().ContainSingle().Subject;

        ((end as AgentStopped)?.PartId ?? (end as AgentFailed)?.PartId).Should().Be(new PartId("part_1"));
        AutoTitle.AnswerOf(end).Should().Be("so far");
    }

    [Fact]
    public void Waiting_for_the_next_process_is_not_an_end() =>
        FluentActions.Invoking(() => Ends(RunOutcome.Suspended.Instance, null)).Should().Throw<InvalidOperationException>().WithMessage("*Suspended is not an end of a run.");

    private List<ThreadEvent> Ends(RunOutcome end, PartText? part, DateTimeOffset? now = null) => TerminalEvents.For(_state, end, part, Usage, now ?? At.AddSeconds(5));

    private void Apply(DateTimeOffset at, params ThreadEvent[] events)
    {
        foreach (var threadEvent in events)
        {
            _state = _state.Apply(threadEvent with { Seq = _state.Head + 1, At = at });
        }
    }

    private static PartText Part(PartKind kind, string text) => new(Run, new PartId("part_1"), kind, 0, text);

    private static ToolExecuting Executing(string call) => new() { RunId = Run, CallId = new(call), Tool = "mail", Arguments = default };

    private static ToolCompleted Completed(string call) =>
        new() { RunId = Run, CallId = new(call), Tool = "mail", Outcome = ToolOutcome.Succeeded, DurationMs = 0 };
}
