using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Threads;
using static ChatBackend.Tests.Following.FollowerBench;

namespace ChatBackend.Tests.Following;

/// <summary>A follower is caught up with once at a time, whatever comes meanwhile, and nothing goes on for it after it has left.</summary>
public sealed class LeavingFollowerTests
{
    private readonly HeldTime _clock = new();
    private readonly FollowerBench _bench;

    public LeavingFollowerTests() => _bench = new FollowerBench(_clock);

    [Fact]
    public async Task Who_leaves_during_a_pause_does_not_wait_for_its_end()
    {
        _bench.Log = (_, _) => throw new LogUnavailableException("The store is away.");
        _bench.Resume(2);
        var follower = _bench.Join(0);
        await Deadline.UntilAsync(() => _bench.Reads.Count > 0);

        await _bench.Fanout.LeaveAsync(follower).Soon();

        (follower.CatchUp.IsCompleted, _clock.Ended).Should().Be((true, 0));
    }

    [Fact]
    public async Task Who_leaves_during_a_pause_after_a_fault_does_not_wait_for_its_end_either()
    {
        _bench.Log = (_, _) => throw new InvalidOperationException("The log could not be read.");
        _bench.Resume(2);
        var follower = _bench.Join(0);
        await _bench.Lines.UntilAsync(line => line.StartsWith("Error", StringComparison.Ordinal)).Soon();

        await _bench.Fanout.LeaveAsync(follower).Soon();

        (follower.CatchUp.IsCompleted, _clock.Ended, _bench.Lines.All.Count()).Should().Be((true, 0, 1));
    }

    [Fact]
    public async Task Leaving_waits_for_what_is_being_sent()
    {
        using var held = new ManualResetEventSlim();
        _bench.Log = (after, _) =>
        {
            held.Wait(TestContext.Current.CancellationToken);
            return Events(after, 2);
        };
        _bench.Resume(2);
        var follower = _bench.Join(0);
        await Deadline.UntilAsync(() => _bench.Reads.Count > 0);

        var leaving = _bench.Fanout.LeaveAsync(follower);
        leaving.IsCompleted.Should().BeFalse();
        held.Set();
        await leaving.Soon();

        (_bench.Delivered.Count, follower.CatchUp.IsCompleted).Should().Be((0, true));
    }

    [Fact]
    public async Task While_a_follower_is_caught_up_with_nothing_begins_that_again()
    {
        (_bench.HasRoom, _bench.RoomComes) = (_ => false, new TaskCompletionSource<bool>());
        _bench.Resume(1, null, 1);
        var follower = _bench.Join(0);
        await Deadline.UntilAsync(() => _bench.Waits.Count > 0);
        var first = follower.CatchUp;

        _bench.Resume(2, null, 1, 2);
        _bench.Take(Event(3)).Should().BeTrue();
        _bench.Fanout.Hold(follower);
        _bench.Fanout.Release(follower);
        _bench.HasRoom = _ => true;
        _bench.RoomComes.SetResult(true);
        await first.Soon();

        follower.CatchUp.Should().BeSameAs(first);
        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3");
        (follower.IsLive, follower.IsCatchingUp).Should().Be((true, false));
        _bench.Take(Event(4));
        _bench.Delivered.Should().HaveCount(4);
    }

    [Fact]
    public async Task A_first_delivery_that_throws_is_made_up_for()
    {
        var faults = 1;
        _bench.Delivering = shown => _ = shown == "con_1 event 2" && faults-- > 0 ? throw new InvalidOperationException("It cannot be sent.") : 0;
        _bench.Resume(3, null, 1, 2, 3);

        await _bench.Join(0).CatchUp.Soon();

        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3");
        _bench.Lines.All.Should().ContainSingle();
    }

    [Fact]
    public async Task Waiting_for_room_that_fails_is_a_fault_like_any_other()
    {
        (_bench.HasRoom, _bench.RoomComes) = (_ => false, new TaskCompletionSource<bool>());
        _bench.Resume(1, null, 1);
        var follower = _bench.Join(0);
        _bench.RoomComes.SetException(new InvalidOperationException("Nobody knows the room."));
        await _bench.Lines.UntilAsync(_ => true).Soon();
        _bench.RoomComes = null;

        await _clock.EndNextAsync();
        await follower.CatchUp.Soon();

        _bench.Delivered.Should().Equal("con_1 event 1");
    }
}
