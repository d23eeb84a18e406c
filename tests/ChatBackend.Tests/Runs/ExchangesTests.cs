using ChatBackend.Protocol;
using ChatBackend.Runs;

namespace ChatBackend.Tests.Runs;

/// <summary>What of a thread's events the model is shown.</summary>
public sealed class ExchangesTests
{
    private readonly Exchanges _exchanges = new();
    private long _seq;

    [Fact]
    public void A_message_that_waited_stands_directly_before_its_answer()
    {
        Say("m1").Start("r1", "m1").Say("m2").Complete("r1", "one").Start("r2", "m2").Complete("r2", "two");

        Shown().Should().Equal("m1", "one", "m2", "two");
    }

    [Fact]
    public void An_answer_without_text_is_no_message()
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
            var window = _exchanges.Window(seq + 1, events);
            Math.Max(window, 0).Should().Be(events == 0 ? seq + 1 : counted, "of {0} events at {1}", events, seq);
        }
    }

    [Fact]
    public void What_was_let_go_of_is_not_shown_and_not_reached_back_to()
    {
        Say("m1").Start("r1", "m1").Complete("r1", "one");
        Say("m2").Start("r2", "m2").Complete("r2", "two").Say("m3").Start("r3", "m3");
        _exchanges.ReachesBackTo(1).Should().BeTrue();

        _exchanges.Trim(4);

        Shown().Should().Equal("m2", "two", "m3");
        _exchanges.ReachesBackTo(4).Should().BeTrue();
        _exchanges.ReachesBackTo(3).Should().BeFalse();
    }

    private List<string> Shown() => [.. _exchanges.Messages().Select(message => message.Text)];

    private ExchangesTests Say(string id) => Add(new UserMessage { MessageId = new(id), Content = id, ClientId = new("c") });

    private ExchangesTests Start(string run, string message) => Add(new AgentStarted { RunId = new(run), Agent = "a", MessageId = new(message) });

    private ExchangesTests Part(string run, string text) =>
        Add(new AgentPart { RunId = new(run), PartId = new("p"), Kind = PartKind.Text, Text = text });

    private ExchangesTests Steer(string run, string message) => Add(new MessageSteered { RunId = new(run), MessageId = new(message) });

    private ExchangesTests Complete(string run, string content) =>
        Add(new AgentCompleted { RunId = new(run), MessageId = new("a"), Content = content, DurationMs = 1 });

    private ExchangesTests Rewind(long to) => Add(new ThreadRewound { ToSeq = to });

    private ExchangesTests Add(ThreadEvent happened)
    {
        _exchanges.Add(happened with { Seq = ++_seq });
        return this;
    }
}
