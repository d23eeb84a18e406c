using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>Messages of a thread: what becomes of them, and what is shown where history begins again.</summary>
public sealed class TranscriptThreadTests
{
    private static readonly MessageId Later = new("msg_2");

    private readonly ThreadTranscript _transcript = new();

    [Fact]
    public void A_message_is_shown_as_it_was_sent()
    {
        var message = Message(1, "hello") with { Agent = "demo", WhenRunning = WhenRunning.Steer, Replaces = Later };
        Apply(message);

        Entry(0).Should().Be(new UserEntry(Question, "hello", message.ClientId, 1, message.At) { Agent = "demo", WhenRunning = WhenRunning.Steer, Replaces = Later });
        Entry(0).IsWaiting.Should().BeTrue();
    }

    [Fact]
    public void A_message_is_answered_steered_removed_or_waits()
    {
        Apply(Message(1), Started(2));
        (Entry(0).State, Entry(0).RunId, Entry(0).IsWaiting).Should().Be((MessageState.Answered, Run, false));

        Apply(Message(3) with { MessageId = Later }, new MessageSteered { ThreadId = TheThread, Seq = 4, RunId = Run, MessageId = Later });
        (Entry(2).State, Entry(2).RunId, Entry(2).IsWaiting).Should().Be((MessageState.Steered, Run, false));
        _transcript.Run(Run)!.Items.Should().Equal(new SteeredItem(Later, IsReplaced: false));

        Apply(Message(5) with { MessageId = new("msg_3") }, new MessageRemoved { ThreadId = TheThread, Seq = 6, MessageId = new("msg_3") });
        (Entry(3).State, Entry(3).RunId, Entry(3).IsWaiting).Should().Be((MessageState.Removed, null, false));
        Apply(new MessageRemoved { ThreadId = TheThread, Seq = 7, MessageId = new("msg_of_before") });
        _transcript.Entries.Should().HaveCount(4);
    }

    [Fact]
    public void A_rewind_replaces_what_lies_after_its_place_and_nothing_before()
    {
        Apply(Message(1), Started(2), Completed(3, "answer"), Message(4) with { MessageId = Later }, Started(5, new RunId("run_2")) with { MessageId = Later });
        Apply(new ThreadRewound { ThreadId = TheThread, Seq = 6, ToSeq = 3 });

        (Entry(0).IsReplaced, Entry(2).IsReplaced, Entry(2).IsWaiting).Should().Be((false, true, false));
        (_transcript.Run(Run)!.IsReplaced, _transcript.Run(new RunId("run_2"))!.IsReplaced).Should().Be((false, true));
        Apply(Message(7) with { MessageId = new("msg_3") }, new ThreadRewound { ThreadId = TheThread, Seq = 8, ToSeq = 0 });
        (Entry(0).IsReplaced, _transcript.Run(Run)!.IsReplaced, Entry(4).IsReplaced, Entry(4).State, Entry(4).IsWaiting).Should().Be((true, true, true, MessageState.Dropped, false));
    }

    [Fact]
    public void A_message_that_entered_a_run_and_is_replaced_marks_where_the_run_went_on_with_it()
    {
        Apply(Message(1), Started(2), Delta(0, "One"), Ended(3, "One"), Message(4) with { MessageId = Later });
        Apply(new MessageSteered { ThreadId = TheThread, Seq = 5, RunId = Run, MessageId = Later }, Delta(0, "Two", new PartId("part_2")));
        _transcript.Run(Run)!.ReplacedFrom.Should().BeNull();

        Apply(new ThreadRewound { ThreadId = TheThread, Seq = 6, ToSeq = 3 });

        var run = _transcript.Run(Run)!;
        (run.ReplacedFrom, run.IsReplaced).Should().Be((1, false));
        run.Items[1].Should().Be(new SteeredItem(Later, IsReplaced: true));
    }

    [Fact]
    public void Where_history_begins_elsewhere_all_that_stood_here_is_gone()
    {
        var renamed = new ThreadRenamed { ThreadId = TheThread, Seq = 2, Title = "Times", By = RenamedBy.User };
        Apply(Message(1), renamed, Started(3));
        (_transcript.Title, _transcript.Cursor).Should().Be(("Times", 3));

        Apply(new HistoryExpired(TheThread, 120));
        (_transcript.Title, _transcript.Cursor, _transcript.Replacements, _transcript.Entries.Count, _transcript.Run(Run)).Should().Be((null, 119, 0, 0, null));
        Apply(Message(120), renamed with { Seq = 121, Title = "Again" });
        Apply(new HistoryReplaced(TheThread, 1));
        (_transcript.Title, _transcript.Cursor, _transcript.Replacements, _transcript.Entries.Count).Should().Be((null, 0, 1, 0));
        Apply(Message(1) with { MessageId = Later }, new MessageRemoved { ThreadId = TheThread, Seq = 2, MessageId = Question });
        Entry(0).State.Should().Be(MessageState.Waiting, "the other message is of a history that is gone");
    }

    [Fact]
    public void A_transcript_of_the_end_of_a_thread_begins_after_its_cursor()
    {
        var late = new ThreadTranscript(afterSeq: 7);

        late.Apply(Message(7)).Should().Be(TranscriptChange.AlreadyKnown);
        late.Apply(Message(8)).Should().Be(TranscriptChange.Applied);
        late.Invoking(transcript => transcript.Apply(null!)).Should().Throw<ArgumentNullException>().WithParameterName("frame");
    }

    private UserEntry Entry(int place) => _transcript.Entries[place].Should().BeOfType<UserEntry>().Subject;

    private void Apply(params ServerFrame[] frames) => frames.Should().OnlyContain(frame => _transcript.Apply(frame) == TranscriptChange.Applied);
}
