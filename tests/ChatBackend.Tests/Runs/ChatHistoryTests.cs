using ChatBackend.Protocol;
using ChatBackend.Runs.History;

namespace ChatBackend.Tests.Runs;

/// <summary>What of a thread's events the model is shown.</summary>
public sealed class ChatHistoryTests
{
    private readonly ChatHistory _history = new();
    private long _seq;

    [Fact]
    public void A_message_that_waited_stands_directly_before_its_answer()
    {
        Say("m1").Start("r1", "m1").Say("m2").Complete("r1", "one").Start("r2", "m2").Complete("r2", "two");

        Shown().Should().Equal("m1", "one", "m2", "two");
    }

    [Fact]
    public void An_answer_without_text_is_not_a_message()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "").Say("m2").Start("r2", "m2").Complete("r2", "two");

        Shown().Should().Equal("m1", "m2", "two");
    }

    [Fact]
    public void What_was_replaced_is_not_shown_and_what_came_before_it_is()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one");
        Say("m2").Start("r2", "m2").Complete("r2", "two");
        Say("m3").Start("r3", "m3").Complete("r3", "three");
        Rewind(3).Say("m4").Start("r4", "m4").Complete("r4", "four");

        Shown().Should().Equal("m1", "one", "m4", "four");
    }

    [Fact]
    public void A_run_that_answers_an_earlier_message_is_kept_although_it_ended_after_the_replaced_one_was_sent()
    {
        Say("m1").Start("r1", "m1").Say("m2").Complete("r1", "one").Start("r2", "m2").Complete("r2", "two");
        Rewind(2).Say("m3").Start("r3", "m3").Complete("r3", "three");

        Shown().Should().Equal("m1", "one", "m3", "three");
    }

    [Fact]
    public void The_end_of_a_run_that_was_replaced_while_it_was_open_is_not_shown()
    {
        Say("m1").Start("r1", "m1").Rewind(0).Say("m2").Complete("r1", "one").Start("r2", "m2").Complete("r2", "two");

        Shown().Should().Equal("m2", "two");
    }

    [Fact]
    public void A_message_that_entered_a_run_is_shown_where_it_did_and_cut_off_there_when_it_is_replaced()
    {
        Say("m1").Start("r1", "m1").Say("m2").Part("r1", "before").Steer("r1", "m2").Complete("r1", "after");
        Shown().Should().Equal("m1", "before", "m2", "after");

        Rewind(2);
        Shown().Should().Equal("m1", "before");
    }

    [Fact]
    public void A_window_counts_what_was_not_replaced_whatever_was_replaced_again()
    {
        var random = new Random(14);
        var rewinds = new List<(long To, long At)>();
        for (var seq = 1; seq <= 2000; seq++)
        {
            if (seq % 5 == 0)
            {
                var back = random.Next(4) == 0 ? 60 : 8; // also into the middle of what was replaced, and past it
                rewinds.Add((Math.Max(0, seq - 1 - random.Next(1, back)), seq));
                Rewind(rewinds[^1].To);
            }
            else
            {
                Add(new ThreadRenamed { Title = "t", By = RenamedBy.User });
            }

            var events = random.Next(0, 40);
            var counted = Enumerable.Range(1, seq).Reverse().Where(at => !rewinds.Exists(rewind => rewind.To < at && at < rewind.At)).Skip(events - 1).FirstOrDefault();
            var window = _history.Window(seq + 1, events);
            Math.Max(window, 0).Should().Be(events == 0 ? seq + 1 : counted, "of {0} events at {1}", events, seq);
        }
    }

    [Fact]
    public void What_was_let_go_of_is_not_shown_and_not_reached_back_to()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one");
        Say("m2").Start("r2", "m2").Complete("r2", "two").Say("m3").Start("r3", "m3");
        _history.ReachesBackTo(1).Should().BeTrue();

        _history.Trim(4);

        Shown().Should().Equal("m2", "two", "m3");
        _history.ReachesBackTo(4).Should().BeTrue();
        _history.ReachesBackTo(3).Should().BeFalse();
    }

    [Fact]
    public void The_open_exchange_is_that_of_the_last_start_whose_message_is_here_and_was_not_replaced()
    {
        _history.Current.Should().BeNull();
        Say("m1").Start("r1", "m1");
        _history.Current!.Id.Value.Should().Be("m1");
        Say("m2").Start("r2", "m2").Rewind(3);
        _history.Current!.Id.Value.Should().Be("m2", "it lies before the place");
        Rewind(2);
        _history.Current.Should().BeNull();
        Start("r9", "m9").Complete("r9", "nine");
        _history.Current.Should().BeNull("its message lies before what is here");
        Shown().Should().Equal("m1");
    }

    [Fact]
    public void A_message_that_was_taken_back_or_replaced_is_answered_by_nothing()
    {
        Say("m1").Say("m2").Say("m3").Add(new MessageRemoved { MessageId = new("m1") }).Rewind(2);

        Start("r1", "m1").Start("r2", "m2").Complete("r2", "two").Start("r3", "m3").Complete("r3", "three").Steer("r3", "m9").Steer("r9", "m3");

        Shown().Should().Equal("m2", "two");
    }

    [Fact]
    public void What_waits_and_what_was_answered_counts()
    {
        _history.Bytes.Should().Be(0);
        Say("m1");
        _history.Bytes.Should().Be(304);
        Start("r1", "m1").Say("m22");
        _history.Bytes.Should().Be(304 + 306);
        Complete("r1", "one");
        _history.Bytes.Should().Be(304 + 306 + 306);
        _history.Trim(100);
        _history.Bytes.Should().Be(304 + 306 + 306, "neither the open exchange nor what waits is let go of");
        Start("r2", "m22");
        _history.Trim(100);
        _history.Bytes.Should().Be(306);
    }

    [Fact]
    public void From_a_place_on_the_exchanges_that_begin_there_are_shown_and_the_open_one()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one").Say("m2").Start("r2", "m2").Complete("r2", "two").Say("m3").Start("r3", "m3");

        Texts(from: 1).Should().Equal("m1", "one", "m2", "two", "m3");
        Texts(from: 2).Should().Equal("m2", "two", "m3");
        Texts(from: 4).Should().Equal("m2", "two", "m3");
        Texts(from: 5).Should().Equal("m3");
        Texts(from: 99).Should().Equal("m3");

        List<string> Texts(long from) => [.. _history.Messages(from).Select(message => message.Text)];
    }

    [Fact]
    public void It_reaches_back_to_its_first_event_or_to_all_there_is()
    {
        _seq = 6;
        Say("m1");
        (_history.Seq, _history.ReachesBackTo(7), _history.ReachesBackTo(6), _history.ReachesBackTo(1)).Should().Be((7, true, false, false));
        _history.Trim(3);
        _history.ReachesBackTo(7).Should().BeTrue("nothing was let go of");

        _history.BeginAt(1);

        (_history.ReachesBackTo(1), _history.ReachesBackTo(0), _history.ReachesBackTo(-5)).Should().Be((true, true, true));
    }

    [Fact]
    public void A_window_still_passes_over_what_was_replaced_after_what_lies_before_was_let_go_of()
    {
        Say("m1").Say("m2").Rewind(1).Say("m3").Say("m4").Rewind(4).Say("m5"); // 2 and 5 were replaced
        _history.Window(7, 2).Should().Be(4);
        _history.Window(7, 3).Should().Be(3);

        _history.Trim(3);

        _history.Window(7, 2).Should().Be(4);
        _history.Trim(6);
        _history.Window(7, 2).Should().Be(4, "what was replaced up to there may still be passed over");
    }

    [Fact]
    public void What_is_shown_begins_at_one_place_for_many_runs()
    {
        for (var seq = 1; seq <= 40; seq++)
        {
            Say($"m{seq}");
        }

        Enumerable.Range(30, 9).Select(before => _history.Begin(before, 16)).Should().Equal(16, 16, 16, 20, 20, 20, 20, 24, 24);
        (_history.Begin(16, 16), _history.Begin(17, 16), _history.Begin(18, 16), _history.Begin(40, 0), _history.Begin(40, 3)).Should().Be((0, 1, 4, 40, 37));
    }

    [Fact]
    [Trait("failure", "M4")]
    public void What_left_the_context_of_an_agent_is_shown_to_it_no_more_and_to_others_still()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one").Say("m2").Start("r2", "m2").Trim("r2", "m2").Complete("r2", "two");
        Say("m3").Start("r3", "m3");

        Texts("agent").Should().Equal("m2", "two", "m3");
        Texts("other").Should().Equal("m1", "one", "m2", "two", "m3");
    }

    [Fact]
    [Trait("failure", "M4")]
    public void What_left_the_context_is_shown_again_where_the_run_that_had_no_room_for_it_was_replaced()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one").Say("m2").Start("r2", "m2").Trim("r2", "m2").Complete("r2", "two");
        Rewind(3).Say("m3").Start("r3", "m3");

        Texts("agent").Should().Equal("m1", "one", "m3");
    }

    private IEnumerable<string> Texts(string agent) => _history.Messages(0, agent).Select(message => message.Text);

    private ChatHistoryTests Trim(string run, string from) =>
        Add(new AgentContextTrimmed { RunId = new(run), Agent = "agent", FromMessageId = new(from), Exchanges = 1, Results = 0 });

    private List<string> Shown() => [.. _history.Messages().Select(message => message.Text)];

    private ChatHistoryTests Say(string id) => Add(new UserMessage { MessageId = new(id), Content = id, ClientId = new("c") });

    private ChatHistoryTests Start(string run, string message) => Add(new AgentStarted { RunId = new(run), Agent = "a", MessageId = new(message) });

    private ChatHistoryTests Part(string run, string text) =>
        Add(new AgentPart { RunId = new(run), PartId = new("p"), Kind = PartKind.Text, Text = text });

    private ChatHistoryTests Steer(string run, string message) => Add(new MessageSteered { RunId = new(run), MessageId = new(message) });

    private ChatHistoryTests Complete(string run, string content) =>
        Add(new AgentCompleted { RunId = new(run), MessageId = new("a"), Content = content, DurationMs = 1 });

    private ChatHistoryTests Rewind(long to) => Add(new ThreadRewound { ToSeq = to });

    private ChatHistoryTests Add(ThreadEvent threadEvent)
    {
        _history.Add(threadEvent with { Seq = ++_seq });
        return this;
    }
}
