using ChatBackend.Protocol;
using ChatBackend.Threads;
using ThreadState = ChatBackend.Threads.ThreadState;

namespace ChatBackend.Tests.Threads;

/// <summary>Whether a thread needs a title, what is rewound, and what the fold keeps of a run that began before it.</summary>
public sealed class ThreadTitleStateTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    private ThreadState _state = new() { Owner = new UserId("usr_1"), Head = 0 };

    [Fact]
    public void A_title_stands_until_the_message_is_replaced_that_it_was_made_from()
    {
        _state.NeedsTitle.Should().BeTrue();
        Apply(WriterBench.Message("msg_1"), WriterBench.Message("msg_2"), new ThreadRenamed { Title = "made", By = RenamedBy.Agent, FromSeq = 2 });
        (_state.Title, _state.TitleFrom, _state.NeedsTitle, _state.Head, _state.LastAt).Should().Be(("made", 2, false, 3, At));
        Apply(new ThreadRewound { ToSeq = 2 });
        (_state.TitleFrom, _state.NeedsTitle).Should().Be((2, false));
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("msg_1", "msg_2");

        Apply(new ThreadRewound { ToSeq = 1 });

        (_state.Title, _state.TitleFrom, _state.NeedsTitle).Should().Be(("made", 0, true));
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("msg_1");
        Apply(new ThreadRenamed { Title = "given", By = RenamedBy.User });
        (_state.Title, _state.TitleFrom, _state.NeedsTitle).Should().Be(("given", null, false));
        Apply(new ThreadRewound { ToSeq = 0 });
        (_state.Title, _state.NeedsTitle, _state.Waiting.Count, _state.IsBusy).Should().Be(("given", false, 0, false));
    }

    [Theory]
    [InlineData(null, true, null)]
    [InlineData(WhenRunning.Queue, true, null)]
    [InlineData(WhenRunning.Steer, false, "says msg_1")]
    [InlineData(WhenRunning.Interrupt, false, null)]
    public void A_message_waits_as_it_says(WhenRunning? whenRunning, bool isQueued, string? text)
    {
        Apply(WriterBench.Message("msg_1", whenRunning) with { Agent = "agent" });

        _state.Waiting.Should().Equal(new WaitingMessage(new MessageId("msg_1"), 1, "agent", isQueued, text));
        _state.Find(new MessageId("msg_1"))!.Seq.Should().Be(1);
        _state.Find(new MessageId("msg_2")).Should().BeNull();
        _state.OpenFrom.Should().Be(1);
    }

    [Fact]
    public void Of_a_run_that_is_not_known_a_message_that_it_took_in_waits_no_more_and_nothing_else_changes()
    {
        Apply(WriterBench.Message("msg_1"), WriterBench.Message("msg_2"), new MessageSteered { RunId = new RunId("run_0"), MessageId = new MessageId("msg_2") });
        _state.Waiting.Select(message => message.Id.Value).Should().Equal("msg_1");

        Apply(WriterBench.Required("run_0", "call_1", At), WriterBench.Answered("run_0"));

        (_state.Run, _state.Head, _state.Waiting.Count).Should().Be((null, 5, 1));
    }

    [Fact]
    public void What_a_run_took_in_counts_as_its_own_event_and_is_remembered()
    {
        Apply(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Message("msg_2", WhenRunning.Steer), WriterBench.Message("msg_3", WhenRunning.Steer));
        Apply(new MessageSteered { RunId = new RunId("run_1"), MessageId = new MessageId("msg_3") }, new MessageSteered { RunId = new RunId("run_1"), MessageId = new MessageId("msg_2") });
        (_state.Run!.LastTaken, _state.Run.Events, _state.Waiting.Count).Should().Be((4, 2, 0));

        Apply(new MessageSteered { RunId = new RunId("run_1"), MessageId = new MessageId("msg_9") });

        (_state.Run!.LastTaken, _state.Run.Events, _state.OpenFrom).Should().Be((4, 3, 1));
    }

    private void Apply(params ThreadEvent[] events)
    {
        foreach (var threadEvent in events)
        {
            _state = _state.Apply(threadEvent with { Seq = _state.Head + 1, At = At });
        }
    }
}
