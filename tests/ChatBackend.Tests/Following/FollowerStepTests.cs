using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;
using static ChatBackend.Tests.Following.FollowerBench;

namespace ChatBackend.Tests.Following;

/// <summary>One step of a catch-up: what it sends, and what the follower needs next.</summary>
public sealed class FollowerStepTests
{
    private readonly FollowerBench _bench = new(new InstantTime());

    [Fact]
    public async Task A_step_sends_sixteen_kibibytes_of_what_is_in_memory()
    {
        var follower = await WaitingAsync(1);
        var half = new byte[8 * 1024];
        _bench.Fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 4, [new EncodedEvent(2, half, false), new EncodedEvent(3, half, false), new EncodedEvent(4, half, false)], null));

        Step(follower).Should().Be((CatchUpStep.More, 3));
        (_bench.Delivered.Count, follower.IsLive, follower.IsCatchingUp).Should().Be((2, false, true));
        Step(follower).Should().Be((CatchUpStep.Done, 4));

        (_bench.Delivered.Count, follower.IsLive, follower.IsCatchingUp).Should().Be((3, true, false));
    }

    [Fact]
    public async Task A_step_that_has_sent_all_there_is_is_the_last_however_much_it_was()
    {
        var follower = await WaitingAsync(1);
        _bench.Fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 2, [new EncodedEvent(2, new byte[20_000], false)], null));

        Step(follower).Should().Be((CatchUpStep.Done, 2));
    }

    [Theory]
    [InlineData(8192, 1)]
    [InlineData(8193, 2)]
    [InlineData(16384, 2)]
    [InlineData(16385, 3)]
    public async Task Text_goes_in_pieces_of_eight_kibi_characters(int length, int steps)
    {
        var follower = await WaitingAsync(1, announces: true);
        _bench.Fanout.Suspend();
        _bench.Resume(1, Text(0, new string('x', length)));

        for (var step = 1; step < steps; step++)
        {
            Step(follower).Should().Be((CatchUpStep.More, 1));
        }

        Step(follower).Should().Be((CatchUpStep.Done, 1));
        _bench.Delivered.Should().HaveCount(steps + 1);
        _bench.Delivered[^1].Should().Be("con_1 caught up 1 log_1");
        follower.PositionIn(new PartId("part_1")).Should().Be(length);
    }

    [Fact]
    public async Task What_is_not_in_memory_is_in_the_log()
    {
        var follower = await WaitingAsync(1);
        _bench.Resume(4, null, 3, 4);
        Step(follower).Should().Be((CatchUpStep.Page, 1));
        follower.IsCatchingUp.Should().BeTrue();

        _bench.Fanout.Hold(follower);
        Step(follower).Should().Be((CatchUpStep.Done, 1), "pages are not read during a hold");
        follower.IsCatchingUp.Should().BeFalse();
        _bench.Fanout.Release(follower);

        _bench.Fanout.Suspend();
        Step(follower).Should().Be((CatchUpStep.Done, 1), "the next snapshot begins it again");
        _bench.Delivered.Should().BeEmpty();
    }

    [Fact]
    public async Task A_held_follower_is_brought_on_out_of_memory_and_is_sent_it_afterwards()
    {
        var follower = await WaitingAsync(1);
        _bench.Resume(2, null, 2);
        _bench.Fanout.Hold(follower);

        Step(follower).Should().Be((CatchUpStep.Done, 2));
        _bench.Delivered.Should().BeEmpty();
        _bench.Fanout.Release(follower);

        _bench.Delivered.Should().Equal("con_1 event 2");
    }

    [Fact]
    public async Task Who_has_left_needs_nothing()
    {
        var follower = await WaitingAsync(1);
        _bench.Resume(2, null, 2);
        await _bench.Fanout.LeaveAsync(follower).Soon();

        Step(follower).Should().Be((CatchUpStep.Done, 1));
        Sends(follower, 1, 2).Should().BeFalse();
        _bench.Delivered.Should().BeEmpty();
    }

    [Fact]
    public async Task An_event_of_the_log_is_sent_when_it_is_its_turn()
    {
        var follower = await WaitingAsync(1);
        _bench.Resume(5);
        Sends(follower, 0, 1).Should().BeFalse("it was sent elsewhere meanwhile");
        Sends(follower, 2, 3).Should().BeFalse();
        Sends(follower, 1, 6).Should().BeFalse("it is still on its way here");
        _bench.Fanout.Hold(follower);
        Sends(follower, 1, 2).Should().BeFalse("it is held");
        _bench.Fanout.Release(follower);
        (_bench.Delivered.Count, follower.Cursor).Should().Be((0, 1));

        Sends(follower, 1, 2).Should().BeTrue();
        Sends(follower, 2, 5).Should().BeTrue("up to the head");

        (follower.Cursor, follower.Sent).Should().Be((5, 2));
        _bench.Delivered.Should().Equal("con_1 event 2", "con_1 event 5");
        Step(follower).Should().Be((CatchUpStep.Done, 5));
        Sends(follower, 5, 5).Should().BeFalse("it is live");
    }

    [Fact]
    public void A_feed_knows_which_events_are_of_its_history()
    {
        var at = new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);
        var json = WireJson.Encode(new MessageRemoved { ThreadId = FollowerBench.Thread, Seq = 4, At = at, MessageId = new MessageId("msg_1") });
        _bench.Fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 4, [new EncodedEvent(4, json, false)], null));

        Has(0).Should().BeTrue();
        Has(0, at).Should().BeTrue();
        Has(1).Should().BeTrue();
        Has(4).Should().BeTrue();
        Has(4, at).Should().BeTrue();
        Has(4, at.AddMilliseconds(1)).Should().BeFalse();
        Has(1, at).Should().BeFalse("it is not in memory");
        Has(3, at).Should().BeFalse();
        Has(5).Should().BeFalse();
        Has(5, at).Should().BeFalse();
    }

    [Fact]
    public void Text_that_is_ahead_of_its_thread_or_of_another_part_is_a_gap_and_text_that_is_overtaken_is_none()
    {
        _bench.Resume(2, Text(0, "abc"));
        _bench.Join(2);
        _bench.Delivered.Clear();

        _bench.Take(Delta(1, 0, "old", part: "part_0")).Should().BeTrue();
        _bench.Take(Delta(2, 3, "d"), Delta(2, 0, "abcd"), Delta(2, 2, "cde"), Delta(2, 5, "f")).Should().BeTrue();
        _bench.Delivered.Should().Equal("con_1 part_1 3 d", "con_1 part_1 4 e", "con_1 part_1 5 f");

        _bench.Take(Delta(2, 7, "h")).Should().BeFalse();
        Again(Text(0, "abcdef"));
        _bench.Take(Delta(2, 6, "g", part: "part_2")).Should().BeFalse();
        Again(Text(0, "abcdef"));
        _bench.Take(Delta(2, 0, "x", part: "part_2")).Should().BeFalse();
        Again(Text(0, "abcdef"));
        _bench.Take(Delta(3, 0, "x", part: "part_2")).Should().BeFalse();
        Again(null);
        _bench.Take(Delta(2, 0, "x", part: "part_2"), Event(3, endsPart: true), Delta(3, 0, "y", part: "part_3")).Should().BeTrue();
        _bench.Delivered.Skip(3).Should().Equal("con_1 part_2 0 x", "con_1 event 3", "con_1 part_3 0 y");
        _bench.Take(Event(5)).Should().BeFalse();
        (_bench.Fanout.IsLive, _bench.Fanout.Head).Should().Be((false, 3));
    }

    private void Again(PartText? part) => _bench.Resume(2, part).Should().BeTrue();

    private bool Has(long seq, DateTimeOffset? at = null) => _bench.Fanout.Has(new EventCursor(seq, at));

    private bool Sends(Follower follower, long after, long seq) => _bench.Fanout.Replica.TrySend(follower, after, Events(seq - 1, seq)[0]);

    private (CatchUpStep Step, long Cursor) Step(Follower follower)
    {
        var step = _bench.Fanout.Replica.Step(follower, out var cursor);
        return (step, cursor);
    }

    /// <summary>A follower whose own catch-up has ended without a step, since its connection is gone, as it seems.</summary>
    private async Task<Follower> WaitingAsync(long cursor, bool announces = false)
    {
        (_bench.HasRoom, _bench.Room) = (_ => false, () => false);
        _bench.Resume(1).Should().BeTrue();
        var follower = _bench.Join(cursor, announces: announces);
        await follower.CatchUp.Soon();
        return follower;
    }
}
