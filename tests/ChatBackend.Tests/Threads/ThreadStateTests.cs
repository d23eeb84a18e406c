using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Threads;
using ThreadState = ChatBackend.Threads.ThreadState;

namespace ChatBackend.Tests.Threads;

/// <summary>What the writer knows of its thread after each event.</summary>
public sealed class ThreadStateTests
{
    private static readonly RunId Run = new("run_1");
    private static readonly CallId Call = new("call_1");

    private ThreadState _state = new() { Owner = new UserId("usr_1"), Head = 0 };

    [Fact]
    [Trait("failure", "P10")]
    public void Messages_wait_in_the_order_in_which_they_will_be_answered()
    {
        Apply(Message("first"), Started("first"));

        Apply(Message("queued", WhenRunning.Queue), Message("steers", WhenRunning.Steer), Message("also queued", WhenRunning.Queue), Message("interrupts", WhenRunning.Interrupt));

        _state.Waiting.Select(message => message.Id.Value).Should().Equal("steers", "interrupts", "queued", "also queued");
        _state.Steering.Select(message => message.Text).Should().Equal("says steers");
        Apply(new MessageRemoved { MessageId = new("queued") });
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("steers", "interrupts", "also queued");
        _state.Find(new("also queued"))!.Seq.Should().Be(5);
        _state.Find(new("queued")).Should().BeNull();
    }

    [Fact]
    [Trait("failure", "P10")]
    public void A_run_takes_in_what_is_for_its_agent_until_what_it_answers_is_replaced()
    {
        Apply(Message("first"), Started("first"), Message("steers", WhenRunning.Steer), Message("other", WhenRunning.Steer) with { Agent = "other" });
        _state.Steering.Select(message => message.Id.Value).Should().Equal("steers");

        Apply(new MessageSteered { RunId = Run, MessageId = new("steers") }, Message("later", WhenRunning.Steer));
        _state.Steering.Select(message => message.Id.Value).Should().Equal("later");
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("other", "later");

        var replaced = _state;
        Apply(new ThreadRewound { ToSeq = 3 }, Message("other", WhenRunning.Steer));
        _state.Steering.Should().NotBeEmpty("what lies before the third event stands, and so does what the run took in");
        _state = replaced;
        Apply(new ThreadRewound { ToSeq = 2 }, Message("instead", WhenRunning.Steer));
        _state.Steering.Should().BeEmpty("a message that the run took in was replaced");
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("instead");
    }

    [Fact]
    public void A_run_whose_message_is_replaced_takes_nothing_in_and_one_that_answers_an_earlier_one_does()
    {
        Apply(Message("first"), Started("first"));
        var open = _state;

        Apply(new ThreadRewound { ToSeq = 0 }, Message("instead", WhenRunning.Steer));
        _state.Steering.Should().BeEmpty();

        _state = open;
        Apply(new ThreadRewound { ToSeq = 1 }, Message("more", WhenRunning.Steer));
        _state.Steering.Should().ContainSingle();
    }

    [Fact]
    public void From_where_the_log_shows_all_open_work()
    {
        _state.OpenFrom.Should().BeNull();
        Apply(Message("first"));
        (_state.OpenFrom, _state.IsBusy).Should().Be((1, true));
        Apply(Started("first"), Message("second", WhenRunning.Queue), Message("third", WhenRunning.Queue));
        _state.OpenFrom.Should().Be(1);
        Apply(new AgentCompleted { RunId = Run, MessageId = new("answer"), Content = "", DurationMs = 0 });
        (_state.OpenFrom, _state.Run, _state.Head).Should().Be((3, null, 5));
        Apply(Started("third", "run_2"));
        _state.OpenFrom.Should().Be(3, "an older message still waits");
        Apply(Started("second", "run_3"), new AgentCompleted { RunId = new("run_3"), MessageId = new("answer"), Content = "", DurationMs = 0 });
        (_state.OpenFrom, _state.IsBusy).Should().Be((null, false));
    }

    [Fact]
    [Trait("failure", "P9")]
    public void A_run_may_go_on_elsewhere_only_while_it_waits_for_a_decision_and_nothing_is_under_way()
    {
        Apply(Message("first"), Started("first"));
        _state.Run!.CanResume.Should().BeFalse();

        Apply(Required("call_1"), Required("call_2"));
        (_state.Run!.CanResume, _state.Run.Events).Should().Be((true, 2));
        Apply(Decided("call_1"));
        _state.Run!.Find(Call)!.Decided!.CallId.Should().Be(Call);
        _state.Run.Find(new("call_2"))!.Decided.Should().BeNull("that is another call");
        _state.Run.Events.Should().Be(2, "a decision is not the run's own event");
        Apply(Completed("call_2"));
        _state.Run!.Approvals.Should().ContainSingle().Which.Required.CallId.Should().Be(Call);
        Apply(new ToolExecuting { RunId = Run, CallId = Call, Tool = "mail", Arguments = default });
        (_state.Run!.CanResume, _state.Run.Events).Should().Be((false, 4));
        _state.Run.Approvals.Should().BeEmpty();
        _state.Run.OpenTools.Should().ContainSingle();
        Apply(Completed("call_2"));
        _state.Run!.OpenTools.Should().ContainSingle();
        Apply(Completed("call_1"));
        _state.Run!.OpenTools.Should().BeEmpty();
        _state.Run.Events.Should().Be(6);
    }

    [Fact]
    public void What_another_run_writes_late_changes_nothing_of_the_open_one()
    {
        Apply(Message("first"), Started("first"));
        var run = _state.Run;

        Apply(new AgentCompleted { RunId = new("run_0"), MessageId = new("answer"), Content = "", DurationMs = 0 }, new ToolExecuting { RunId = new("run_0"), CallId = Call, Tool = "t", Arguments = default });

        (_state.Run, _state.Head).Should().Be((run, 4));
    }

    private void Apply(params ThreadEvent[] events)
    {
        foreach (var threadEvent in events)
        {
            _state = _state.Apply(threadEvent with { Seq = _state.Head + 1 });
        }
    }

    private static UserMessage Message(string id, WhenRunning? whenRunning = null) =>
        new() { MessageId = new(id), Content = $"says {id}", ClientId = new("c"), WhenRunning = whenRunning };

    private static AgentStarted Started(string message, string run = "run_1") => new() { RunId = new(run), Agent = "agent", MessageId = new(message) };

    private static ApprovalRequired Required(string call) =>
        new() { RunId = Run, CallId = new(call), Tool = "mail", Arguments = default, ArgumentsDigest = "", ExpiresAt = default };

    private static ApprovalDecided Decided(string call) =>
        new() { RunId = Run, CallId = new(call), Decision = ApprovalDecision.Approve, DecidedBy = new("usr_1") };

    private static ToolCompleted Completed(string call) =>
        new() { RunId = Run, CallId = new(call), Tool = "mail", Outcome = ToolOutcome.Succeeded, DurationMs = 0 };
}
