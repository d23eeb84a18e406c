using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>Each event of a run, and all that a transcript shows of it.</summary>
public sealed class TranscriptRunTests
{
    private static readonly TokenUsage Tokens = new() { InputTokens = 3, OutputTokens = 4 };
    private static readonly SideEffect Effect = new() { CallId = Call, Tool = "mail", Outcome = ToolOutcome.Succeeded };
    private static readonly MessageId Answer = new("msg_2");

    private readonly ThreadTranscript _transcript = new();
    private long _seq;

    [Fact]
    public void A_run_begins_with_its_agent_and_the_message_it_answers()
    {
        _transcript.Run(Run).Should().BeNull();
        Apply(Started(0));

        ShouldBe(new RunEntry { RunId = Run, State = RunState.Running, Agent = "demo", Answers = Question, Items = [] });
    }

    [Fact]
    public void A_run_whose_beginning_is_not_here_is_shown_without_it()
    {
        Apply(Delta(0, "text"));

        ShouldBe(new RunEntry { RunId = Run, State = RunState.Running, Items = [new TextItem(Part, PartKind.Text, "text", IsFinal: false)] });
    }

    [Fact]
    public void A_completed_run_has_its_answer_and_what_it_cost()
    {
        Apply(Delta(0, "It i"), Completed(0, "It is late.", Part) with { Usage = Tokens });

        ShouldBe(new RunEntry
        {
            RunId = Run, State = RunState.Completed, MessageId = Answer, Usage = Tokens, Items = [new TextItem(Part, PartKind.Text, "It is late.", IsFinal: true)],
        });
    }

    [Fact]
    public void A_stopped_run_has_what_it_said_why_it_was_stopped_and_what_it_did()
    {
        var stopped = new AgentStopped { RunId = Run, MessageId = Answer, PartId = Part, Content = "It i", Reason = StopReason.InterruptedByMessage, Usage = Tokens, SideEffects = [Effect] };
        Apply(stopped);

        ShouldBe(new RunEntry
        {
            RunId = Run, State = RunState.Stopped, MessageId = Answer, StopReason = StopReason.InterruptedByMessage, Usage = Tokens, SideEffects = [Effect],
            Items = [new TextItem(Part, PartKind.Text, "It i", IsFinal: true)],
        });
        Apply(stopped with { RunId = new RunId("run_2"), SideEffects = null });
        _transcript.Run(new RunId("run_2"))!.SideEffects.Should().BeEmpty();
    }

    [Theory]
    [InlineData("It i")]
    [InlineData(null)]
    public void A_failed_run_has_what_it_said_and_the_failure(string? said)
    {
        var failed = Interrupted(0) with { PartId = Part, Content = said, Usage = Tokens, SideEffects = [Effect] };
        Apply(failed);

        TheRun().Should().BeEquivalentTo(new
        {
            State = RunState.Failed, Usage = Tokens, SideEffects = new[] { Effect }, Failure = new { failed.Code, failed.Message, failed.Retryable },
            MessageId = (MessageId?)null, StopReason = (StopReason?)null,
        });
        TheRun().Items.Should().Equal(new TextItem(Part, PartKind.Text, said ?? "", IsFinal: true));
    }

    [Theory]
    [InlineData(ToolOutcome.Succeeded, ToolState.Succeeded)]
    [InlineData(ToolOutcome.Failed, ToolState.Failed)]
    [InlineData(ToolOutcome.Rejected, ToolState.Rejected)]
    [InlineData(ToolOutcome.Abandoned, ToolState.Abandoned)]
    public void A_call_that_needed_no_approval_ends_as_the_server_says(ToolOutcome outcome, ToolState state)
    {
        Apply(Executing(0));
        Tool().Should().BeEquivalentTo(new { CallId = Call, Tool = "clock", State = ToolState.Executing, Completed = (ToolCompleted?)null });
        Tool().Arguments!.Value.GetRawText().Should().Be("""{"zone":"UTC"}""");

        Apply(Executed(0) with { Outcome = outcome });

        Tool().State.Should().Be(state);
        Tool().Completed!.Outcome.Should().Be(outcome);
        Apply(Completed(0, ""));
        Tool().State.Should().Be(state, "it was over before the run was");
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Succeeded, ToolState.Succeeded)]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Failed, ToolState.Failed)]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Abandoned, ToolState.Abandoned)]
    [InlineData(ApprovalDecision.Reject, ToolOutcome.Rejected, ToolState.Rejected)]
    [InlineData(null, ToolOutcome.Rejected, ToolState.Expired)]
    public void A_call_that_needed_approval_shows_each_step(ApprovalDecision? decision, ToolOutcome outcome, ToolState last)
    {
        Apply(Required(0));
        Tool().Should().BeEquivalentTo(new { CallId = Call, Tool = "mail", State = ToolState.AwaitingDecision, Approval = new { ArgumentsDigest = "sha256:1" } });
        Tool().Arguments!.Value.GetRawText().Should().Be("""{"to":"ada"}""");
        if (decision is { } made)
        {
            Apply(Decided(0, made));
            Tool().State.Should().Be(made == ApprovalDecision.Approve ? ToolState.Approved : ToolState.Rejected);
            Tool().Decided!.DecidedBy.Value.Should().Be("usr_1");
        }

        if (decision == ApprovalDecision.Approve)
        {
            Apply(Executing(0));
            Tool().State.Should().Be(ToolState.Executing);
        }

        Apply(Executed(0) with { Outcome = outcome });

        Tool().State.Should().Be(last);
        TheRun().Items.Should().ContainSingle();
    }

    [Fact]
    public void Each_call_is_one_of_its_own_and_one_that_began_before_the_transcript_has_what_came_since()
    {
        Apply(Executing(0), Executing(0) with { CallId = new CallId("call_2") }, Executed(0) with { CallId = new CallId("call_2") }, Executed(0) with { CallId = new CallId("call_3") });

        TheRun().Items.Cast<ToolItem>().Select(tool => (tool.CallId.Value, tool.Tool, tool.State, tool.Arguments is null)).Should().Equal(
            ("call_1", "clock", ToolState.Executing, false), ("call_2", "clock", ToolState.Succeeded, false), ("call_3", "clock", ToolState.Succeeded, true));
        Apply(Decided(0, ApprovalDecision.Approve) with { CallId = new CallId("call_4") });
        TheRun().Items[3].Should().BeEquivalentTo(new { CallId = new CallId("call_4"), Tool = "", State = ToolState.Approved });
    }

    [Fact]
    public void The_end_of_a_run_leaves_no_call_open_and_no_text_that_is_not_durable()
    {
        Apply(Executing(0), Required(0) with { CallId = new CallId("call_2") }, Executed(0), Delta(0, "lost"), Interrupted(0));

        TheRun().Items.Cast<ToolItem>().Select(tool => (tool.CallId.Value, tool.State)).Should().Equal(("call_1", ToolState.Succeeded), ("call_2", ToolState.Abandoned));
    }

    [Fact]
    public void Text_and_thoughts_stand_apart_in_the_order_they_began()
    {
        var (thought, second) = (new PartId("part_0"), new PartId("part_2"));
        Apply(Thinking(0, "hm", thought), Delta(0, "One"), Thinking(2, "!", thought), Delta(0, "Two", second), Ended(0, "One.", Part), Ended(0, "hm!?", thought, PartKind.Thinking));

        TheRun().Items.Should().Equal(
            new TextItem(thought, PartKind.Thinking, "hm!?", IsFinal: true), new TextItem(Part, PartKind.Text, "One.", IsFinal: true),
            new TextItem(second, PartKind.Text, "Two", IsFinal: false));
        TheRun().Text.Should().Be("One.\nTwo");
    }

    [Fact]
    public void A_run_that_waits_for_nothing_and_says_nothing_more_ends_without_a_part()
    {
        Apply(Completed(0, ""));

        TheRun().Items.Should().BeEmpty();
    }

    [Fact]
    public void A_run_says_what_its_model_is_not_shown_any_more()
    {
        Apply(new AgentContextTrimmed { RunId = Run, Agent = "small", Exchanges = 3, Results = 1, Summary = "They met." }, new AgentContextTrimmed { RunId = Run, Agent = "small", Exchanges = 0, Results = 1 });

        TheRun().Should().BeEquivalentTo(new { ExchangesLeftOut = 3, ResultsShortened = 2, ContextSummary = "They met." });
    }

    private void ShouldBe(RunEntry expected)
    {
        TheRun().Items.Should().Equal(expected.Items);
        TheRun().Should().BeEquivalentTo(expected, options => options.Excluding(run => run.Items));
    }

    private RunEntry TheRun() => _transcript.Run(Run)!;

    private ToolItem Tool() => TheRun().Items.Should().ContainSingle().Which.Should().BeOfType<ToolItem>().Subject;

    /// <summary>Events get the next place in the thread.</summary>
    private void Apply(params ServerFrame[] frames)
    {
        foreach (var frame in frames)
        {
            _transcript.Apply(frame is ThreadEvent threadEvent ? threadEvent with { ThreadId = TheThread, Seq = ++_seq } : frame).Should().Be(TranscriptChange.Applied);
        }
    }
}
