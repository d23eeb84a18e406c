using ChatBackend.Protocol;
using ChatBackend.Threads;

namespace ChatBackend.Tests.Threads;

/// <summary>What is known of a run from what it has done.</summary>
public sealed class UnfinishedRunTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    private readonly UnfinishedRun _run = UnfinishedRun.Of(WriterBench.Started("run_1", "msg_1", "agent") with { Seq = 7, At = At }, 5);

    [Fact]
    public void It_begins_with_what_it_answers()
    {
        _run.Should().Be(new UnfinishedRun(new RunId("run_1"), "agent", new MessageId("msg_1"), 7, 5, At));
        UnfinishedRun.Of(WriterBench.Started("run_1", "msg_1") with { Seq = 7 }, null).OpenFrom.Should().Be(7, "its message lies before what is known");
        (_run.Events, _run.LastTaken, _run.IsReplaced, _run.CanResume).Should().Be((0, 0, false, false));
    }

    [Fact]
    public void A_tool_is_open_from_its_start_to_its_end()
    {
        var tool = new ToolExecuting { RunId = _run.Id, CallId = new CallId("call_1"), Tool = "mail", Arguments = default, At = At };

        var begun = _run.Apply(tool).Apply(tool with { CallId = new CallId("call_2"), Tool = "look" });
        var ended = begun.Apply(WriterBench.Completed("run_1", "call_1", ToolOutcome.Failed));

        begun.Tools.Should().Equal(new BegunTool(_run.Id, new CallId("call_1"), "mail", At, null), new BegunTool(_run.Id, new CallId("call_2"), "look", At, null));
        ended.Tools.Select(known => known.Outcome).Should().Equal(ToolOutcome.Failed, null);
        ended.OpenTools.Select(known => known.Tool).Should().Equal("look");
        (begun.Events, ended.Events).Should().Be((2, 3));
        ended.Apply(WriterBench.Required("run_1", "call_3", At)).CanResume.Should().BeFalse("a tool is under way");
        _run.Apply(WriterBench.Required("run_1", "call_3", At)).CanResume.Should().BeTrue();
    }

    [Theory]
    [InlineData(4, 0, true)]
    [InlineData(5, 0, false)]
    [InlineData(5, 6, true)]
    [InlineData(6, 6, false)]
    public void It_is_replaced_once_a_message_is_that_it_answers(long toSeq, long lastTaken, bool isReplaced)
    {
        var run = _run with { LastTaken = lastTaken };

        run.Rewound(toSeq).IsReplaced.Should().Be(isReplaced);
        run.Rewound(4).Rewound(100).IsReplaced.Should().BeTrue("and stays so");
    }

    [Fact]
    public void A_part_counts_as_an_event_and_a_decision_does_not()
    {
        var asked = _run.Apply(WriterBench.Required("run_1", "call_1", At));
        var decision = new ApprovalDecided { RunId = _run.Id, CallId = new CallId("call_1"), Decision = ApprovalDecision.Reject, DecidedBy = new UserId("usr_1") };

        asked.Apply(decision).Events.Should().Be(1);
        asked.Apply(decision).Find(new CallId("call_1"))!.Decided.Should().Be(decision);
        asked.Find(new CallId("call_2")).Should().BeNull();
        asked.Apply(new AgentPart { RunId = _run.Id, PartId = new PartId("part_1"), Kind = PartKind.Text, Text = "" }).Events.Should().Be(2);
    }
}
