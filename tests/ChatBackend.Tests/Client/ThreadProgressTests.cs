using ChatBackend.Client;
using ChatBackend.Client.Threads;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What is new, what is known and what is missing, at the bounds between them.</summary>
public sealed class ThreadProgressTests
{
    private static readonly PartId Other = new("part_2");

    private ThreadProgress _progress = new(new ThreadCursor(2));

    [Fact]
    public void Only_the_event_after_the_cursor_is_new()
    {
        _progress.Take(Message(2)).Should().Be(Taken.Known);
        _progress.Take(Message(4)).Should().Be(Taken.Missing);
        _progress.Cursor.Should().Be(2);

        _progress.Take(Message(3)).Should().Be(New(Message(3)));

        (_progress.Cursor, _progress.LastEvent).Should().Be((3, new ThreadCursor(3, Message(3).At)));
        _progress.Take(Message(3)).Should().Be(Taken.Known);
    }

    [Fact]
    public void The_time_of_an_event_that_has_none_is_not_known()
    {
        _progress.Take(Message(3) with { At = default });

        _progress.LastEvent.Should().Be(new ThreadCursor(3, null));
    }

    [Theory]
    [InlineData(0, "ab", null)]
    [InlineData(1, "bc", null)]
    [InlineData(0, "abcd", "d")]
    [InlineData(2, "cde", "de")]
    [InlineData(3, "d", "d")]
    public void Of_a_delta_only_what_lies_beyond_the_end_of_its_part_is_new(int offset, string text, string? fresh)
    {
        _progress.Take(Delta(0, "abc")).Should().Be(New(Delta(0, "abc")));

        _progress.Take(Delta(offset, text)).Should().Be(fresh is null ? Taken.Known : New(Delta(3, fresh)));

        _progress.Positions.Should().Equal(new PartPosition { PartId = Part, Length = 3 + (fresh?.Length ?? 0) });
    }

    [Fact]
    public void A_delta_beyond_the_end_of_its_part_is_missing_what_lies_between()
    {
        _progress.Take(Delta(1, "b")).Should().Be(Taken.Missing);
        _progress.Take(Delta(0, "")).Should().Be(Taken.Known);
        _progress.Positions.Should().BeEmpty();
        _progress.Take(Delta(0, "a"));
        _progress.Take(Delta(2, "c")).Should().Be(Taken.Missing);

        _progress.Positions.Should().Equal(new PartPosition { PartId = Part, Length = 1 });
    }

    [Fact]
    public void Text_behind_a_missing_event_is_passed_over_until_the_event_is_there()
    {
        _progress.Take(Message(4));
        _progress.Take(Delta(0, "a")).Should().Be(Taken.Known);
        _progress.Take(Message(3));
        _progress.Take(Message(4));

        _progress.Take(Delta(0, "a")).Should().Be(New(Delta(0, "a")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_head_elsewhere_than_the_cursor_is_missing_something(long head)
    {
        _progress.Take(CaughtUp(2)).Should().Be(Taken.Known);

        _progress.Take(CaughtUp(head)).Should().Be(Taken.Missing);

        _progress.Take(Delta(0, "a")).Should().Be(head > 2 ? Taken.Known : New(Delta(0, "a")));
    }

    [Fact]
    public void A_part_that_is_over_takes_no_more_text_and_has_no_position()
    {
        _progress.Take(Delta(0, "ab"));
        _progress.Take(Delta(0, "xyz", Other));
        _progress.Take(Ended(3, "abc"));

        _progress.Take(Delta(3, "d")).Should().Be(Taken.Known);

        _progress.Positions.Should().Equal(new PartPosition { PartId = Other, Length = 3 });
    }

    [Fact]
    public void The_end_of_a_run_ends_its_parts_and_those_of_no_other()
    {
        foreach (var (end, run) in new (Func<long, ThreadEvent>, string)[]
        {
            (seq => Completed(seq, "ab"), "completed"), (Interrupted, "failed"),
            (seq => new AgentStopped { ThreadId = TheThread, Seq = seq, RunId = Run, MessageId = Question, Content = "", Reason = StopReason.User }, "stopped"),
        })
        {
            _progress = new ThreadProgress(new ThreadCursor(2));
            _progress.Take(Delta(0, "ab"));
            var others = Delta(0, "xyz", Other) with { RunId = new RunId("run_2") };
            _progress.Take(others);

            _progress.Take(end(3)).IsMissing.Should().BeFalse();

            _progress.Positions.Should().Equal([new PartPosition { PartId = Other, Length = 3 }], run);
            _progress.Take(Delta(0, "new", new PartId("part_3"))).Should().Be(Taken.Known, run);
            _progress.Take(others with { Offset = 3 }).Frame.Should().NotBeNull(run);
        }
    }

    [Fact]
    public void The_last_32_runs_that_ended_are_remembered()
    {
        for (var run = 1; run <= 33; run++)
        {
            _progress.Take(Completed(2 + run, "", run: new RunId($"run_{run}")));
        }

        _progress.Take(Delta(0, "a") with { RunId = new RunId("run_2") }).Should().Be(Taken.Known);
        _progress.Take(Delta(0, "a") with { RunId = new RunId("run_1") }).Frame.Should().NotBeNull();
    }

    [Fact]
    public void What_is_not_a_frame_of_a_thread_changes_nothing()
    {
        _progress.Take(new Pong { ServerTime = default }).Should().Be(Taken.Known);
        _progress.Cursor.Should().Be(2);
    }

    private static Taken New(ServerFrame frame) => new(frame, IsMissing: false);
}
