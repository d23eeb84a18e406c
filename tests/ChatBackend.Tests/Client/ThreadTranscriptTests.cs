using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class ThreadTranscriptTests
{
    private static readonly PartId Thought = new("part_0");
    private static readonly PartId Second = new("part_2");

    private static readonly ServerFrame[] WholeRun =
    [
        Message(1), Started(2), Thinking(0, "hm", Thought), Ended(3, "hm", Thought, PartKind.Thinking),
        Delta(0, "One mo"), Delta(6, "ment."), Ended(4, "One moment."), Executing(5), Executed(6),
        Delta(0, "It is ", Second), Delta(6, "half past nine 🕤", Second), Completed(7, "It is half past nine 🕤", Second),
    ];

    [Fact]
    public void The_frames_of_a_run_become_a_message_and_an_answer_with_its_parts_in_order()
    {
        var transcript = new ThreadTranscript();

        WholeRun.Select(transcript.Apply).ToList().Should().OnlyContain(change => change == TranscriptChange.Applied);

        ShouldBeWhole(transcript);
    }

    [Fact]
    [Trait("failure", "P3")]
    public void Every_frame_twice_and_every_replay_from_the_start_gives_the_same_transcript()
    {
        var transcript = new ThreadTranscript();
        for (var length = 1; length <= WholeRun.Length; length++)
        {
            foreach (var frame in WholeRun.Take(length))
            {
                transcript.Apply(frame).Should().NotBe(TranscriptChange.Missing);
                transcript.Apply(frame).Should().Be(TranscriptChange.AlreadyKnown);
            }
        }

        ShouldBeWhole(transcript);
    }

    [Fact]
    [Trait("failure", "P3")]
    public void Only_what_is_new_of_an_overlapping_delta_is_appended()
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(Started(1));
        transcript.Apply(Delta(0, "Grüße 👋"));

        transcript.Apply(Delta(2, "üße 👋, Welt")).Should().Be(TranscriptChange.Applied);
        transcript.Apply(Delta(0, "Grüße")).Should().Be(TranscriptChange.AlreadyKnown);

        transcript.Run(Run)!.Text.Should().Be("Grüße 👋, Welt");
    }

    [Fact]
    public void A_delta_beyond_the_end_of_its_part_is_reported_and_not_applied()
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(Started(1));
        transcript.Apply(Delta(0, "abc"));

        transcript.Apply(Delta(4, "e")).Should().Be(TranscriptChange.Missing);
        transcript.Apply(Delta(3, "de")).Should().Be(TranscriptChange.Applied);

        transcript.Run(Run)!.Text.Should().Be("abcde");
    }

    [Fact]
    [Trait("failure", "D14")]
    public void An_event_after_a_gap_is_reported_and_not_applied_and_neither_is_text_behind_it()
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(Message(1));

        transcript.Apply(Completed(3, "x", Part)).Should().Be(TranscriptChange.Missing);
        transcript.Apply(Delta(0, "later", Second)).Should().Be(TranscriptChange.AlreadyKnown);

        transcript.Cursor.Should().Be(1);
        transcript.Entries.Should().ContainSingle();
    }

    [Fact]
    public void A_late_delta_of_a_part_or_run_that_is_over_begins_nothing()
    {
        var transcript = new ThreadTranscript();
        foreach (var frame in WholeRun)
        {
            transcript.Apply(frame);
        }

        transcript.Apply(Delta(0, "One moment.!")).Should().Be(TranscriptChange.AlreadyKnown);
        transcript.Apply(Delta(0, "new part", new PartId("part_9"))).Should().Be(TranscriptChange.AlreadyKnown);

        ShouldBeWhole(transcript);
    }

    [Fact]
    [Trait("failure", "P1")]
    public void What_a_server_that_died_had_said_and_not_saved_leaves_the_transcript_with_the_runs_end()
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(Started(1));
        transcript.Apply(Thinking(0, "hm", Thought));
        transcript.Apply(Ended(2, "hm", Thought, PartKind.Thinking));
        transcript.Apply(Delta(0, "said and lost"));

        transcript.Apply(Interrupted(3)).Should().Be(TranscriptChange.Applied);

        transcript.Run(Run)!.Items.Should().ContainSingle().Which.Should().Be(new TextItem(Thought, PartKind.Thinking, "hm", IsFinal: true));
    }

    [Fact]
    public void Durable_text_stands_also_where_no_delta_came()
    {
        var transcript = new ThreadTranscript();
        foreach (var frame in WholeRun.OfType<ThreadEvent>())
        {
            transcript.Apply(frame);
        }

        ShouldBeWhole(transcript);
    }

    [Fact]
    [Trait("failure", "D26")]
    public void An_event_of_a_newer_server_keeps_its_place()
    {
        var transcript = new ThreadTranscript();
        var newer = ChatBackend.Client.Connections.ServerFrameReader.Read("""{"type":"thread_painted","thread_id":"thr_1","seq":1,"colour":"red"}"""u8.ToArray());

        transcript.Apply(newer).Should().Be(TranscriptChange.Applied);

        transcript.Apply(Message(2)).Should().Be(TranscriptChange.Applied);
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve, ToolState.Approved)]
    [InlineData(ApprovalDecision.Reject, ToolState.Rejected)]
    [InlineData(null, ToolState.Expired)]
    [Trait("failure", "P9")]
    public void A_call_that_needs_approval_shows_what_was_decided_or_that_nobody_did_in_time(ApprovalDecision? decision, ToolState after)
    {
        var transcript = new ThreadTranscript();
        transcript.Apply(Started(1));
        transcript.Apply(Required(2));
        Tool().State.Should().Be(ToolState.AwaitingDecision);
        Tool().Arguments!.Value.GetProperty("to").GetString().Should().Be("ada");

        if (decision is { } made)
        {
            transcript.Apply(Decided(3, made));
        }
        else
        {
            transcript.Apply(Executed(3) with { Outcome = ToolOutcome.Rejected, Result = null });
        }

        Tool().State.Should().Be(after);
        Tool().Decided?.Decision.Should().Be(decision);

        ToolItem Tool() => transcript.Run(Run)!.Items.Should().ContainSingle().Which.Should().BeOfType<ToolItem>().Subject;
    }

    [Fact]
    public void A_run_that_was_stopped_says_which_side_effects_had_begun_and_leaves_no_call_waiting()
    {
        var effect = new SideEffect { CallId = new CallId("call_0"), Tool = "mail", Outcome = ToolOutcome.Abandoned };
        var transcript = new ThreadTranscript();
        transcript.Apply(Started(1));
        transcript.Apply(Required(2));

        transcript.Apply(new AgentStopped
        {
            ThreadId = TheThread, Seq = 3, RunId = Run, MessageId = new MessageId("msg_2"), Content = "", Reason = StopReason.User, SideEffects = [effect],
        });

        transcript.Run(Run)!.SideEffects.Should().Equal(effect);
        transcript.Run(Run)!.Items.OfType<ToolItem>().Single().State.Should().Be(ToolState.Abandoned);
    }

    private static void ShouldBeWhole(ThreadTranscript transcript)
    {
        transcript.Cursor.Should().Be(7);
        transcript.Entries.Should().HaveCount(2);
        transcript.Entries[0].Should().BeOfType<UserEntry>().Which.Content.Should().Be("hello");
        var run = transcript.Entries[1].Should().BeOfType<RunEntry>().Subject;
        run.State.Should().Be(RunState.Completed);
        run.Answers.Should().Be(Question);
        run.Text.Should().Be("One moment.\nIt is half past nine 🕤");
        run.Items.Should().HaveCount(4);
        run.Items[0].Should().Be(new TextItem(Thought, PartKind.Thinking, "hm", IsFinal: true));
        run.Items[1].Should().Be(new TextItem(Part, PartKind.Text, "One moment.", IsFinal: true));
        var tool = run.Items[2].Should().BeOfType<ToolItem>().Subject;
        tool.Arguments!.Value.GetProperty("zone").GetString().Should().Be("UTC");
        tool.Completed!.Result!.Value.GetString().Should().Be("09:30");
        run.Items[3].Should().Be(new TextItem(Second, PartKind.Text, "It is half past nine 🕤", IsFinal: true));
    }
}
