using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;
using static ChatBackend.Tests.Following.FollowerBench;

namespace ChatBackend.Tests.Following;

/// <summary>What each follower of a thread is sent: from where it is, once, and as much at a time as its connection has room for.</summary>
public sealed class FollowersTests
{
    private const string Interrupted = "con_1 Unavailable thr_1 What follows in this thread cannot be sent at the moment. The server goes on trying.";

    private readonly FollowerBench _bench = new(new InstantTime());

    [Fact]
    public async Task Who_has_left_is_sent_nothing_and_who_came_after_it_on_the_same_connection_everything()
    {
        _bench.Resume(1);
        var first = _bench.Join(1);
        var second = _bench.Join(1);
        _bench.Join(1, "con_2");

        await _bench.Fanout.LeaveAsync(first).Soon();
        _bench.Take(Event(2), Delta(2, 0, "abc")).Should().BeTrue();
        await _bench.Fanout.LeaveAsync(second).Soon();
        _bench.Take(Event(3), Delta(3, 3, "d")).Should().BeTrue();

        _bench.Delivered.Should().Equal("con_1 event 2", "con_2 event 2", "con_1 part_1 0 abc", "con_2 part_1 0 abc", "con_2 event 3", "con_2 part_1 3 d");
        (first.HasLeft, second.HasLeft, first.Leaving.IsCancellationRequested).Should().Be((true, true, true));
        FluentActions.Invoking(() => first.Leaving.Token).Should().Throw<ObjectDisposedException>("nothing is left of it");
    }

    [Fact]
    public void Who_follows_is_counted_and_more_than_sixteen_are_a_crowd()
    {
        for (var i = 1; i <= 17; i++)
        {
            _bench.Fanout.IsCrowded.Should().BeFalse();
            _bench.Join(0, $"con_{i}");
        }

        _bench.Fanout.IsCrowded.Should().BeTrue();
    }

    [Fact]
    public void Of_a_part_each_gets_what_it_lacks()
    {
        _bench.Resume(1, Text(0, "abcd"));
        _bench.Join(1, "con_1", known: new PartPosition { PartId = new PartId("part_1"), Length = 2 });
        _bench.Join(1, "con_2", known: [new PartPosition { PartId = new PartId("part_0"), Length = 3 }, new PartPosition { PartId = new PartId("part_1"), Length = 4 }]);
        _bench.Join(1, "con_3", known: new PartPosition { PartId = new PartId("part_1"), Length = 7 });
        _bench.Join(1, "con_4", known: new PartPosition { PartId = new PartId("part_2"), Length = 2 });

        _bench.Take(Delta(1, 4, "ef")).Should().BeTrue();
        _bench.Take(Delta(1, 6, "gh"), Delta(1, 8, "i")).Should().BeTrue();

        _bench.Delivered.Should().Equal(
            "con_1 part_1 2 cd", "con_4 part_1 0 abcd",
            "con_1 part_1 4 ef", "con_2 part_1 4 ef", "con_4 part_1 4 ef",
            "con_1 part_1 6 gh", "con_2 part_1 6 gh", "con_3 part_1 7 h", "con_4 part_1 6 gh",
            "con_1 part_1 8 i", "con_2 part_1 8 i", "con_3 part_1 8 i", "con_4 part_1 8 i");
    }

    [Fact]
    public void A_snapshot_that_tells_nothing_new_changes_nothing()
    {
        _bench.Join(0);
        _bench.Resume(3, null, 1, 2, 3).Should().BeTrue();
        _bench.Take(Event(4)).Should().BeTrue();

        _bench.Resume(3, null, 1, 2, 3).Should().BeTrue();
        _bench.Resume(4, null, 1, 2, 3, 4).Should().BeTrue();

        (_bench.Fanout.Head, _bench.Fanout.IsLive).Should().Be((4, true));
        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3", "con_1 event 4");
        _bench.Resume(6, null, 5, 6).Should().BeTrue();
        (_bench.Fanout.Head, _bench.Delivered[^1]).Should().Be((6, "con_1 event 6"));
    }

    [Fact]
    public void A_feed_knows_what_it_has_in_memory()
    {
        _bench.Fanout.Covers(0).Should().BeTrue("there is nothing");
        _bench.Resume(9, null, 7, 8, 9);

        (_bench.Fanout.Covers(5), _bench.Fanout.Covers(6), _bench.Fanout.Covers(9), _bench.Fanout.Covers(10)).Should().Be((false, true, true, true));
        (_bench.Fanout.IsLive, _bench.Fanout.Head).Should().Be((true, 9));
        _bench.Fanout.Suspend();
        _bench.Fanout.IsLive.Should().BeFalse();
    }

    [Fact]
    public void A_cursor_beyond_the_head_is_brought_back_to_it()
    {
        _bench.Resume(3, null, 3);
        var follower = _bench.Join(9, announces: true);

        _bench.Take(Event(4)).Should().BeTrue();

        _bench.Delivered.Should().Equal("con_1 caught up 3 log_1", "con_1 event 4");
        follower.Cursor.Should().Be(4);
    }

    [Fact]
    public async Task Who_joins_a_thread_that_was_deleted_is_told_so_and_nothing_else()
    {
        _bench.Resume(1, null, 1);
        _bench.Fanout.Delete();

        var follower = _bench.Join(0, announces: true);
        _bench.Resume(2, null, 1, 2).Should().BeTrue();
        await _bench.Fanout.LeaveAsync(follower).Soon();

        _bench.Delivered.Should().Equal("con_1 deleted");
        (follower.HasLeft, follower.IsLive).Should().Be((true, false));
    }

    [Fact]
    public void A_follower_that_cannot_be_told_that_the_thread_was_deleted_has_left_all_the_same()
    {
        _bench.Resume(1);
        var first = _bench.Join(1);
        var second = _bench.Join(1, "con_2");
        _bench.Delivering = shown => _ = shown == "con_1 deleted" ? throw new InvalidOperationException("It cannot be told.") : 0;

        _bench.Fanout.Delete();

        _bench.Delivered.Should().Equal("con_2 deleted");
        (first.HasLeft, second.HasLeft, first.CatchUp.IsCompleted).Should().Be((true, true, true), "it is not begun again");
    }

    [Fact]
    public async Task While_it_is_held_a_follower_is_sent_nothing_not_even_out_of_the_log()
    {
        _bench.Log = (after, _) => Events(after, 3);
        _bench.Resume(3);
        var follower = new Follower(_bench.Outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: true);
        follower.Hold();
        _bench.Fanout.Join(follower);
        _bench.Take(Event(4)).Should().BeTrue();
        (_bench.Delivered.Count, _bench.Reads.Count, follower.IsCatchingUp).Should().Be((0, 0, false));

        _bench.Fanout.Release(follower);
        await follower.CatchUp.Soon();

        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3", "con_1 event 4", "con_1 caught up 4 log_1");
        _bench.Fanout.Release(follower); // once more is nothing
        _bench.Take(Event(5));
        _bench.Delivered.Should().HaveCount(6);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void What_is_held_is_kept_up_to_a_quarter_of_a_mebibyte(int over, bool isKept)
    {
        _bench.Resume(1);
        var follower = _bench.Join(1);
        _bench.Fanout.Hold(follower);
        _bench.Fanout.Hold(follower); // is the same hold

        var json = new byte[(256 * 1024) - "event 3".Length - "event 4".Length + over];
        _bench.Fanout.Take([new PublishedItem(new EncodedEvent(2, json, true), null, 0)]);
        _bench.Take(Event(3), Event(4));
        (_bench.Delivered.Count, follower.Cursor).Should().Be((0, 4));
        _bench.HasRoom = _ => false; // what has to be caught up with waits
        _bench.Room = () => false;
        _bench.Fanout.Release(follower);

        (_bench.Delivered.Count, follower.IsLive, follower.Cursor).Should().Be(isKept ? (3, true, 4) : (0, false, 1));
    }

    [Fact]
    public void A_hold_that_began_before_text_and_was_too_much_begins_again_from_before_it()
    {
        _bench.Resume(1, Text(0, "ab"));
        var follower = _bench.Join(1, announces: true);
        _bench.Delivered.Should().Equal("con_1 part_1 0 ab", "con_1 caught up 1 log_1");
        _bench.Fanout.Hold(follower);
        for (var i = 0; i < 40; i++)
        {
            _bench.Take(Delta(1, 2 + (i * 5000), new string('x', 5000)));
        }

        _bench.Delivered.Clear();
        _bench.Fanout.Release(follower);
        follower.IsHeld.Should().BeFalse();

        _bench.Delivered.Should().NotBeEmpty();
        _bench.Delivered[0].Should().StartWith("con_1 part_1 2 xxx");
    }

    [Fact]
    public async Task A_page_that_has_no_room_waits_for_as_much_room_as_its_next_event_takes()
    {
        var waits = 0;
        _bench.Log = (after, _) => [.. Events(after, 2).Select(stored => stored.Seq == 2 ? stored with { Json = new byte[100_000] } : stored)];
        _bench.HasRoom = bytes => bytes < 100_000 || waits++ > 0;
        _bench.Resume(2);

        await _bench.Join(0).CatchUp.Soon();

        _bench.Delivered.Should().HaveCount(2);
        _bench.Waits.Should().Contain(100_000).And.OnlyContain(bytes => bytes == 100_000 || bytes == 16 * 1024);
        _bench.Reads.Should().Equal(0, 1);
    }

    [Fact]
    public async Task A_connection_that_is_gone_is_caught_up_with_no_further()
    {
        _bench.Room = () => false;
        _bench.HasRoom = _ => false;
        _bench.Resume(2, null, 1, 2);

        await _bench.Join(0).CatchUp.Soon();

        (_bench.Delivered.Count, _bench.Reads.Count).Should().Be((0, 0));
        _bench.Waits.Should().Equal(16 * 1024);
    }

    [Fact]
    public async Task Of_a_thread_that_cannot_be_read_its_follower_hears_at_once_and_once()
    {
        var faults = 8;
        _bench.Log = (after, _) => faults-- > 0 ? throw new UnreadableThreadException(FollowerBench.Thread, 1, "it is missing.") : Events(after, 1);
        _bench.Resume(1);

        await _bench.Join(0).CatchUp.Soon();

        _bench.Delivered.Should().Equal(Interrupted, "con_1 event 1");
        _bench.Lines.All.Should().ContainSingle();
    }

    [Fact]
    public async Task A_notice_that_cannot_be_delivered_ends_no_catch_up()
    {
        var faults = 6;
        _bench.Delivering = shown => _ = shown == Interrupted ? throw new InvalidOperationException("Nor this.") : 0;
        _bench.Log = (after, _) => faults-- > 0 ? throw new InvalidOperationException("Not this.") : Events(after, 1);
        _bench.Resume(1);

        await _bench.Join(0).CatchUp.Soon();

        _bench.Delivered.Should().Equal("con_1 event 1");
        _bench.Lines.All.Should().ContainSingle().Which.Should().Be("Error: con_1 could not be sent what follows in thr_1 after event 0; it catches up from there. Logged once for this follower Not this.");
    }
}
