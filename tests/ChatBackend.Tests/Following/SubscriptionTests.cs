using ChatBackend.Errors;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Storage;
using ChatBackend.Tests.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Following;

/// <summary>When a node asks a thread again, and what it says when it cannot reach it.</summary>
public sealed class SubscriptionTests : IDisposable
{
    private readonly HeldTime _clock = new();
    private readonly LogLines _lines = new("");
    private readonly ILoggerFactory _loggers;
    private readonly SubscriptionsBench _bench;

    public SubscriptionTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_lines));
        _bench = new SubscriptionsBench(_clock, _loggers.CreateLogger<ThreadSubscriptions>());
    }

    public void Dispose()
    {
        _bench.Dispose();
        _loggers.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public async Task A_gap_is_healed_by_a_snapshot_and_each_follower_goes_on_where_it_is()
    {
        await _bench.FollowAsync();
        await _bench.PublishAsync(1);
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(4, 1, 2, 3, 4));

        await _bench.PublishAsync(3);
        await DeliveredAsync(4);
        await _bench.PublishAsync(5);

        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3", "con_1 event 4", "con_1 event 5");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0", "subscribe usr_1 1");
        _lines.All.Should().Equal("Information: Gap detected in thr_1; resubscribing");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thread_that_cannot_be_reached_is_asked_ever_less_often_and_one_line_says_so(bool isReported)
    {
        await _bench.FollowAsync();
        var faults = 8;
        List<int> pauses = [];
        _bench.Subscribe = () =>
        {
            pauses.Add(_clock.Ended);
            return faults-- > 0
                ? Task.FromException<ThreadSnapshot>(isReported ? ProtocolException.Unavailable() : new TimeoutException())
                : Task.FromResult(SubscriptionsBench.Snapshot(1, 1));
        };

        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: true));
        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: true)); // is being healed already
        for (var pause = 0; pause < 8; pause++)
        {
            await _clock.EndNextAsync();
        }

        await DeliveredAsync(1);
        pauses.Should().Equal(Enumerable.Range(0, 9));
        _clock.Waits.Select(wait => wait.TotalMilliseconds).Should().Equal(500, 1000, 2000, 4000, 8000, 8000, 8000, 8000);
        _lines.All.Should().Equal(isReported ? [] : ["Warning: Resubscribing to thr_1 failed (TimeoutException); retrying. 0 more since the last such line"]);
    }

    [Fact]
    public async Task What_cannot_be_applied_is_asked_for_again_and_told()
    {
        await _bench.FollowAsync();
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(1, 1));

        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, null!, Moved: false));
        await DeliveredAsync(1);

        _bench.Delivered.Should().Equal("con_1 event 1");
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Error: A publish of thr_1 could not be applied; resubscribing");
    }

    [Fact]
    public async Task Who_joins_from_beyond_what_is_here_has_the_writer_asked()
    {
        await _bench.FollowAsync();
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(2, 1, 2));

        await _bench.FollowAsync(2, "con_2");

        _bench.Asked.Should().Equal("found", "subscribe usr_1 0", "subscribe usr_1 2");
        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2");
        await _bench.FollowAsync(2, "con_3");
        _bench.Asked.Should().HaveCount(3);
    }

    [Fact]
    public async Task Who_joins_while_the_feed_waits_for_its_writer_has_it_asked_at_once()
    {
        await _bench.FollowAsync();
        _bench.Subscribe = () => Task.FromException<ThreadSnapshot>(new TimeoutException());
        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: true));
        await Deadline.UntilAsync(() => _lines.All.Any());
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(1, 1));

        await _bench.FollowAsync(connection: "con_2");

        _bench.Delivered.Should().BeEquivalentTo("con_1 event 1", "con_2 event 1");
    }

    [Fact]
    public async Task A_thread_that_was_made_with_a_gap_is_asked_for_what_is_missing()
    {
        var subscription = _bench.Threads.AwaitNew(new ConnectionId("con_1"), SubscriptionsBench.Thread);
        await _bench.PublishAsync(2); // and 1 was lost
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(2, 1, 2));

        await subscription.CreatedAsync(SubscriptionsBench.Owner).Soon();
        subscription.Release();

        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0");
        await _bench.FollowAsync(2, "con_2");
        (await FluentActions.Awaiting(() => _bench.FollowAsync(user: new UserId("usr_2"))).Should().ThrowAsync<ProtocolException>()).Which.Code.Should().Be(ErrorCode.NotFound);
        _bench.Asked.Should().HaveCount(2, "it knows whose it is");
    }

    [Fact]
    public async Task A_thread_that_cannot_be_told_that_nobody_follows_is_left_all_the_same()
    {
        var subscription = await _bench.FollowAsync();
        _bench.Unsubscribe = () => Task.FromException(new TimeoutException());

        await subscription.EndAsync().Soon();
        await _bench.PublishAsync(1);

        _bench.Delivered.Should().BeEmpty();
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning: Resubscribing to thr_1 failed (TimeoutException)");
    }

    [Fact]
    public async Task A_stopping_node_ends_what_heals()
    {
        await _bench.FollowAsync();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bench.Subscribe = () =>
        {
            asked.TrySetResult();
            return Task.FromException<ThreadSnapshot>(new TimeoutException());
        };
        await _bench.Threads.StartAsync(CancellationToken.None);
        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: true));
        await asked.Task.Soon();

        await _bench.Threads.StopAsync(CancellationToken.None).Soon();

        _bench.Threads.ExecuteTask!.IsCompleted.Should().BeTrue();
        _bench.Asked.Should().HaveCount(3);
    }

    [Fact]
    public async Task What_heals_ends_when_the_feeds_are_disposed_and_so_do_the_renewals()
    {
        await _bench.FollowAsync();
        await _bench.Threads.StartAsync(CancellationToken.None);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bench.Subscribe = () =>
        {
            asked.TrySetResult();
            return new TaskCompletionSource<ThreadSnapshot>().Task;
        };
        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: true));
        await asked.Task.Soon();
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(1, 1));
        var waiting = _bench.FollowAsync(connection: "con_2");
        waiting.IsCompleted.Should().BeFalse("the thread is being asked");

        _bench.Threads.Dispose();

        await waiting.Soon();
        await _bench.Threads.ExecuteTask!.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Soon();
    }

    [Fact]
    public async Task A_renewal_that_the_stop_of_the_node_breaks_off_is_not_a_fault()
    {
        var clock = new TickingTime();
        using var bench = new SubscriptionsBench(clock, _loggers.CreateLogger<ThreadSubscriptions>());
        await bench.FollowAsync();
        bench.Subscribe = () => new TaskCompletionSource<ThreadSnapshot>().Task;
        await bench.Threads.StartAsync(CancellationToken.None);
        await clock.Ticks.Task.Soon();
        await Deadline.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return bench.Asked.Count == 3;
        });

        await bench.Threads.StopAsync(CancellationToken.None).Soon();

        bench.Threads.ExecuteTask!.IsCompletedSuccessfully.Should().BeTrue();
        _lines.All.Should().BeEmpty();
    }

    private Task DeliveredAsync(int count) => Deadline.UntilAsync(() =>
    {
        lock (_bench.Delivered)
        {
            return _bench.Delivered.Count >= count;
        }
    });
}
