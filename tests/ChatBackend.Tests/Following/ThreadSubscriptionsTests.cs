using ChatBackend.Errors;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Following;

/// <summary>Which threads a node is subscribed to, for whom, and for how long.</summary>
public sealed class ThreadSubscriptionsTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    private readonly SubscriptionsBench _bench = new(new FakeTimeProvider(At), NullLogger<ThreadSubscriptions>.Instance);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_thread_is_subscribed_to_with_its_first_follower_and_left_with_its_last()
    {
        var first = await _bench.FollowAsync();
        var second = await _bench.FollowAsync(connection: "con_2");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0");
        await _bench.PublishAsync(1);

        await first.EndAsync().Soon();
        await _bench.PublishAsync(2);
        _bench.Asked.Should().HaveCount(2);
        await second.EndAsync().Soon();
        await _bench.PublishAsync(3);

        _bench.Delivered.Should().Equal("con_1 event 1", "con_2 event 1", "con_2 event 2");
        _bench.Asked[2..].Should().Equal("unsubscribe");
        await _bench.FollowAsync();
        _bench.Asked[3..].Should().Equal("found", "subscribe usr_1 0");
    }

    [Fact]
    public async Task Who_is_refused_leaves_nothing_behind()
    {
        (await RefusalOfAsync(() => _bench.FollowAsync(user: new UserId("usr_2")))).Should().Be(ErrorCode.NotFound);
        _bench.Asked.Should().Equal("found", "subscribe usr_2 0", "unsubscribe");
        _bench.Subscribe = () => throw new TimeoutException();
        await FluentActions.Awaiting(() => _bench.FollowAsync()).Should().ThrowAsync<TimeoutException>();
        _bench.Asked[3..].Should().Equal("found", "subscribe usr_1 0");
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(0));

        await _bench.FollowAsync();

        _bench.Asked[5..].Should().Equal("found", "subscribe usr_1 0");
    }

    [Fact]
    public async Task One_that_is_refused_takes_nothing_from_one_that_follows()
    {
        await _bench.FollowAsync();

        (await RefusalOfAsync(() => _bench.FollowAsync(user: new UserId("usr_2")))).Should().Be(ErrorCode.NotFound);
        await _bench.PublishAsync(1);

        _bench.Delivered.Should().Equal("con_1 event 1");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0");
    }

    [Fact]
    public async Task A_follower_that_comes_while_the_last_one_leaves_is_subscribed_after_that()
    {
        var left = new TaskCompletionSource();
        _bench.Unsubscribe = () => left.Task;
        var first = await _bench.FollowAsync();
        var leaving = first.EndAsync();

        var second = _bench.FollowAsync(connection: "con_2");
        second.IsCompleted.Should().BeFalse();
        left.SetResult();
        await Task.WhenAll(leaving, second).Soon();
        await _bench.PublishAsync(1);

        _bench.Delivered.Should().Equal("con_2 event 1");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0", "unsubscribe", "subscribe usr_1 0");
    }

    [Fact]
    public async Task A_thread_that_is_opened_publishes_here_until_that_is_over()
    {
        var opened = await _bench.Threads.OpenAsync(SubscriptionsBench.Owner, SubscriptionsBench.Thread);
        await _bench.FollowAsync();
        await opened!.DisposeAsync();
        await _bench.PublishAsync(1);

        _bench.Delivered.Should().Equal("con_1 event 1");
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0");
    }

    [Fact]
    public async Task A_thread_that_was_only_opened_is_left_afterwards()
    {
        await (await _bench.Threads.OpenAsync(SubscriptionsBench.Owner, SubscriptionsBench.Thread))!.DisposeAsync();

        _bench.Asked.Should().Equal("found", "subscribe usr_1 0", "unsubscribe");
    }

    [Theory]
    [InlineData(ErrorCode.NotFound, true)]
    [InlineData(ErrorCode.Unavailable, false)]
    public async Task A_thread_that_is_not_there_is_not_opened_and_what_else_goes_wrong_is_told(ErrorCode code, bool isNull)
    {
        _bench.Subscribe = () => throw new ProtocolException(code, "refused");

        var opening = () => _bench.Threads.OpenAsync(SubscriptionsBench.Owner, SubscriptionsBench.Thread);
        if (isNull)
        {
            (await opening()).Should().BeNull();
        }
        else
        {
            (await RefusalOfAsync(opening)).Should().Be(code);
        }

        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(0));
        await _bench.FollowAsync();
        _bench.Asked.Should().Equal("found", "subscribe usr_1 0", "found", "subscribe usr_1 0");
    }

    [Fact]
    public async Task A_thread_that_is_awaited_is_followed_from_its_first_event_on_once_its_ack_is_sent()
    {
        var subscription = _bench.Threads.AwaitNew(new ConnectionId("con_1"), SubscriptionsBench.Thread);
        await _bench.PublishAsync(1, 2);
        await subscription.CreatedAsync(SubscriptionsBench.Owner).Soon();
        await _bench.PublishAsync(3);
        _bench.Delivered.Should().BeEmpty();

        subscription.Release();
        await _bench.PublishAsync(4);

        _bench.Delivered.Should().Equal("con_1 event 1", "con_1 event 2", "con_1 event 3", "con_1 event 4");
        _bench.Asked.Should().Equal(["found"], "the thread was told of this node when it was made");
        subscription.Hold();
        await _bench.PublishAsync(5);
        _bench.Delivered.Should().HaveCount(4);
        subscription.Release();
        _bench.Delivered.Should().HaveCount(5);
        await subscription.EndAsync().Soon();
        _bench.Asked.Should().Equal("found", "unsubscribe");
    }

    [Fact]
    public async Task A_subscription_is_over_when_the_thread_is_deleted()
    {
        var subscription = await _bench.FollowAsync();
        subscription.IsOver.Should().BeFalse();

        await _bench.Threads.Publish(new ThreadBatch(SubscriptionsBench.Thread, [], Moved: false, Deleted: true));

        subscription.IsOver.Should().BeTrue();
        _bench.Delivered.Should().Equal("con_1 ThreadDeleted");
    }

    [Theory]
    [InlineData(true, 0, true, null)]
    [InlineData(true, 2, true, null)]
    [InlineData(false, 2, true, null)]
    [InlineData(false, 0, false, null)]
    [InlineData(false, 0, true, ErrorCode.Unavailable)]
    public async Task While_too_much_waits_only_what_is_in_memory_is_followed(bool takesHistory, long after, bool announces, ErrorCode? refusal)
    {
        _bench.Subscribe = () => Task.FromResult(SubscriptionsBench.Snapshot(3, 2, 3));
        _bench.ReadLog = (from, _) => FollowerBench.Events(from, 3);
        _bench.TakesHistory = takesHistory;

        (await RefusalOfAsync(() => _bench.FollowAsync(after, announces: announces))).Should().Be(refusal);

        _bench.Asked[2..].Should().Equal(refusal is null ? [] : ["unsubscribe"]);
    }

    public static TheoryData<string, long, bool, string> ChatHistoryCache => new()
    {
        { "is there", 3, false, "follows" },
        { "is there", 3, true, "follows" },
        { "is not there", 3, true, "follows" },
        { "begins later", 1, false, "Expired" },
        { "is shorter", 3, false, "StaleCursor" },
        { "is away", 3, false, "follows" },
        { "is away", 1, false, "follows" },
        { "is away", 1, true, "Unavailable" },
        { "cannot be read", 1, true, "Unavailable in quarantine" },
    };

    [Theory]
    [MemberData(nameof(ChatHistoryCache))]
    public async Task A_cursor_is_gone_on_from_when_the_history_has_it(string store, long after, bool isNamed, string expected)
    {
        var json = WireJson.Encode(new MessageRemoved { ThreadId = SubscriptionsBench.Thread, Seq = 3, At = At, MessageId = new MessageId("msg_1") });
        _bench.Subscribe = () => Task.FromResult(new ThreadSnapshot(SubscriptionsBench.Owner, 3, [new EncodedEvent(3, json, false)], null));
        _bench.ReadLog = (_, most) => most == 1 ? [new StoredEvent(1, "{"u8.ToArray())] : [];
        _bench.Find = () => store switch
        {
            "is there" => Task.FromResult<ThreadRecord?>(SubscriptionsBench.Record(3)),
            "begins later" => Task.FromResult<ThreadRecord?>(SubscriptionsBench.Record(3, begins: 3)),
            "is shorter" => Task.FromResult<ThreadRecord?>(SubscriptionsBench.Record(2)),
            "is not there" => Task.FromResult<ThreadRecord?>(null),
            "cannot be read" => Task.FromResult<ThreadRecord?>(SubscriptionsBench.Record(3)),
            _ => Task.FromException<ThreadRecord?>(new LogUnavailableException("The store is away.")),
        };

        var refusal = await RefusalOfAsync(() => _bench.FollowAsync(after, announces: true, at: isNamed ? At : null));

        var outcome = refusal is { } code ? code.ToString() : "follows";
        (outcome + (_bench.Metrics.ThreadsQuarantined == 1 ? " in quarantine" : "")).Should().Be(expected);
        (await RefusalOfAsync(() => _bench.FollowAsync(after, connection: "con_2"))).Should().BeNull("a message of the user's own joins wherever it is");
    }

    [Fact]
    public async Task What_is_published_to_this_node_takes_no_message()
    {
        var node = _bench.Threads.Address;
        _bench.Threads.Address.Should().BeSameAs(node);
        var other = new RecordingNode();
        _bench.Local.Nearest(other).Should().BeSameAs(other);
        await _bench.FollowAsync();

        await _bench.Local.Nearest(node).Publish(new ThreadBatch(SubscriptionsBench.Thread, [FollowerBench.Event(1)], Moved: false)).Soon();
        await _bench.Local.Nearest(node).Publish(new ThreadBatch(new ThreadId("thr_2"), [FollowerBench.Event(1)], Moved: false)).Soon();

        _bench.Delivered.Should().Equal("con_1 event 1");
        _bench.Threads.LogId.Should().Be("log_1");
    }

    [Fact]
    public void Before_anything_is_followed_every_node_is_another()
    {
        var node = new RecordingNode();

        _bench.Local.Nearest(node).Should().BeSameAs(node);
    }

    [Theory]
    [InlineData(16, false)]
    [InlineData(17, true)]
    public async Task To_a_crowd_it_is_delivered_while_the_writer_goes_on(int followers, bool goesOn)
    {
        for (var i = 0; i < followers; i++)
        {
            await _bench.FollowAsync(connection: $"con_{i}");
        }

        using var held = new ManualResetEventSlim();
        var writer = Environment.CurrentManagedThreadId;
        _bench.Delivering = () =>
        {
            if (Environment.CurrentManagedThreadId != writer)
            {
                held.Wait(TestContext.Current.CancellationToken);
            }
        };

        var taking = _bench.PublishAsync(1);
        taking.IsCompleted.Should().Be(!goesOn);
        held.Set();
        await taking.Soon();

        _bench.Delivered.Should().HaveCount(followers);
    }

    private static async Task<ErrorCode?> RefusalOfAsync(Func<Task> call)
    {
        try
        {
            await call().Soon();
            return null;
        }
        catch (ProtocolException ex)
        {
            return ex.Code;
        }
    }
}
