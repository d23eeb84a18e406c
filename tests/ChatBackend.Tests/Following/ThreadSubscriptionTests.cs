using System.Reflection;
using System.Text;
using ChatBackend.Errors;
using ChatBackend.Following;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Following;

/// <summary>What a subscription does when its thread is gone, cannot be reached, or publishes what it should not.</summary>
public sealed class ThreadSubscriptionTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    private static readonly ThreadId Thread = new("thr_1");
    private static readonly UserId Owner = new("usr_1");

    private readonly List<string> _delivered = [];
    private readonly TaskCompletionSource _deleted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TestOutboxes _outboxes;
    private readonly Queue<Func<Task<ThreadSnapshot>>> _answers = new();
    private readonly ThreadSubscription _followed;
    private readonly InstantTime _clock = new();
    private int _asked;

    public ThreadSubscriptionTests()
    {
        _outboxes = new TestOutboxes(
            (_, frame) =>
            {
                _delivered.Add(Encoding.UTF8.GetString(frame.Encoded().Span));
                if (_delivered[^1].Contains("thread_deleted", StringComparison.Ordinal))
                {
                    _deleted.TrySetResult();
                }

                return true;
            });
        var grain = DispatchProxy.Create<IThreadGrain, Grain>();
        ((Grain)(object)grain).Subscribe = () =>
        {
            _asked++;
            return _answers.Dequeue()();
        };
        _followed = new ThreadSubscription(Thread, grain, null!, new LogPages(null!), _outboxes, new OwnedTasks(), new LogSampler(1, TimeSpan.Zero, _clock), _clock, NullLogger.Instance);
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_renewal_that_finds_no_such_thread_tells_the_follower_once_and_asks_no_more()
    {
        var follower = await FollowAsync();
        _answers.Enqueue(() => throw ProtocolException.NotFound());

        await _followed.RenewAsync(CancellationToken.None);
        await _followed.RenewAsync(CancellationToken.None);
        _followed.Take(new ThreadBatch(Thread, [new PublishedItem(new EncodedEvent(1, "late"u8.ToArray(), false), null, 0)], Moved: false));

        _delivered.Should().ContainSingle().Which.Should().Be("""{"type":"thread_deleted","thread_id":"thr_1"}""");
        follower.State.Should().Be(FollowerState.Left);
        _asked.Should().Be(2);
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_thread_that_says_that_it_is_deleted_is_followed_no_longer_and_asked_no_more()
    {
        var follower = await FollowAsync();

        _followed.Take(new ThreadBatch(Thread, [], Moved: false, Deleted: true));
        await _followed.RenewAsync(CancellationToken.None);

        _delivered.Should().ContainSingle().Which.Should().Be("""{"type":"thread_deleted","thread_id":"thr_1"}""");
        follower.State.Should().Be(FollowerState.Left);
        _asked.Should().Be(1);
    }

    [Fact]
    [Trait("failure", "P6")]
    [Trait("failure", "D44")]
    public async Task A_feed_that_cannot_reach_its_thread_tries_until_it_hears_that_there_is_none()
    {
        await FollowAsync();
        for (var i = 0; i < 5; i++)
        {
            _answers.Enqueue(() => throw new TimeoutException());
        }

        _answers.Enqueue(() => throw ProtocolException.NotFound());

        _followed.Take(new ThreadBatch(Thread, [], Moved: true));
        await _deleted.Task.Soon();

        _delivered.Should().ContainSingle();
        _asked.Should().Be(7);
        _clock.Waits.Should().HaveCount(5).And.BeInAscendingOrder("it is asked ever less often");
        _clock.Waits[0].Should().BePositive();
    }

    [Fact]
    [Trait("failure", "Q8")]
    public async Task A_feed_that_cannot_take_a_batch_asks_its_thread_again()
    {
        await FollowAsync();
        _answers.Enqueue(() => throw ProtocolException.NotFound());

        _followed.Take(new ThreadBatch(Thread, null!, Moved: false));
        await _deleted.Task.Soon();

        _asked.Should().Be(2);
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task The_last_one_leaves_also_when_the_thread_cannot_be_told_and_the_next_one_subscribes()
    {
        await FollowAsync(); // the grain refuses whatever else it is asked

        await _followed.StopAsync(() => true).Soon();

        _answers.Enqueue(() => Snapshot(0));
        await _followed.StartAsync(Owner, 0).Soon();
        (_asked, _followed.Fanout.IsLive).Should().Be((2, true));
    }

    [Theory]
    [InlineData("start", 2)]
    [InlineData("start new", 2)]
    [InlineData("renew", 3)]
    [InlineData("stop", 2)]
    public async Task While_the_thread_is_asked_whatever_else_is_asked_of_the_feed_waits_its_turn(string what, int asked)
    {
        await FollowAsync();
        var answer = new TaskCompletionSource<ThreadSnapshot>();
        _answers.Enqueue(() => answer.Task);
        _answers.Enqueue(() => Snapshot(1, Event(1)));
        var first = _followed.StartAsync(Owner, 1);

        var second = what switch
        {
            "start" => _followed.StartAsync(Owner, 1),
            "start new" => _followed.StartNewAsync(Owner),
            "renew" => _followed.RenewAsync(CancellationToken.None),
            _ => _followed.StopAsync(() => false),
        };
        (_asked, first.IsCompleted, second.IsCompleted).Should().Be((2, false, false));
        answer.SetResult(await Snapshot(1, Event(1)));

        await Task.WhenAll(first, second).Soon();
        (_asked, _followed.Fanout.Head).Should().Be((asked, 1));
        _answers.Clear();
        await _followed.StartAsync(Owner, 1).Soon();
    }

    [Fact]
    public async Task Who_has_all_that_is_here_costs_the_writer_no_call()
    {
        await FollowAsync();

        await _followed.StartAsync(Owner, _followed.Fanout.Head);

        _asked.Should().Be(1);
    }

    [Fact]
    [Trait("failure", "D44")]
    public async Task A_gap_in_what_came_before_the_snapshot_takes_another_snapshot()
    {
        _followed.Fanout.Join(new Follower(_outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: false));
        _answers.Enqueue(() =>
        {
            _followed.Take(new ThreadBatch(Thread, [new PublishedItem(Event(3), null, 0)], Moved: false)); // and 2 was lost
            return Snapshot(1, Event(1));
        });
        _answers.Enqueue(() => Snapshot(3, Event(1), Event(2), Event(3)));

        await _followed.StartAsync(Owner, 0);

        _delivered.Should().Equal("event 1", "event 2", "event 3");
        _followed.Fanout.IsLive.Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "D15")]
    [Trait("failure", "D16")]
    [Trait("failure", "P3")]
    public async Task Publishes_that_come_twice_or_not_at_all_show_nowhere()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var threads = server.Services.GetRequiredService<ThreadSubscriptions>();
        var ack = await client.PlayAsync("""
            {"steps":[{"think":"a b c d e f g h i j","chunks":10,"every_ms":10},{"tool":"look","ms":20},{"say":"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20","chunks":20,"every_ms":10}]}
            """);
        var thread = ack.ThreadId!.Value;

        var started = await client.Frames.UntilAsync<AgentStarted>();
        await threads.Publish(new ThreadBatch(thread, [new PublishedItem(new EncodedEvent(started.Seq, WireJson.Encode((ServerFrame)started), false), null, 0)], Moved: false));
        await client.Frames.UntilAsync<AgentThinking>();
        await threads.Publish(new ThreadBatch(thread, [new PublishedItem(Event(99), null, 0)], Moved: false)); // all before it was lost, as it seems
        await client.Frames.UntilAsync<AgentDelta>();
        await threads.Publish(new ThreadBatch(thread, [new PublishedItem(default, new PartText(ack.RunId!.Value, new PartId("part_x"), PartKind.Text, 5, "?"), 5)], Moved: false));
        await threads.Publish(new ThreadBatch(thread, [], Moved: true));
        var end = await client.EndOfAsync(ack);

        var frames = client.Frames.All();
        frames.OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(Enumerable.Range(1, (int)end.Seq).Select(seq => (long)seq));
        foreach (var part in frames.OfType<PartDelta>().GroupBy(delta => delta.PartId))
        {
            part.Aggregate(0, (length, delta) => delta.Offset == length ? length + delta.Text.Length : -1).Should().BePositive("{0} has no gap and no overlap", part.Key);
        }

        client.Connection.FollowerOf(thread).Transcript.Run(ack.RunId!.Value)!.Text.Should().Be(((AgentCompleted)end).Content);
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task A_thread_that_could_not_be_reached_for_a_message_is_left_as_any_other_when_nobody_follows_it_any_more()
    {
        var faults = 0;
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() switch
        {
            IThreadGrain grain => ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) =>
            {
                if (called == nameof(IThreadGrain.Unsubscribe))
                {
                    left.TrySetResult();
                }

                return called == nameof(IThreadGrain.Subscribe) && faults-- > 0 ? Task.FromException<ThreadSnapshot>(new TimeoutException()) : next();
            }),
            var other => other,
        }));
        await using var client = await server.ConnectAsync();
        var thread = await (await server.RestAsync(client.Guest)).CreateAsync();
        faults = 1;

        await client.EndOfAsync(await client.PlayAsync(Hello, thread)); // refused, and sent again by the client
        faults.Should().BeLessThan(1);
        await client.Connection.UnfollowAsync(thread).Soon();

        await left.Task.Soon();
    }

    private async Task<Follower> FollowAsync()
    {
        _answers.Enqueue(() => Snapshot(0));
        await _followed.StartAsync(Owner, 0);
        return _followed.Fanout.Join(new Follower(_outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: false));
    }

    private static Task<ThreadSnapshot> Snapshot(long head, params EncodedEvent[] recent) => Task.FromResult(new ThreadSnapshot(Owner, head, recent, null));

    private static EncodedEvent Event(long seq) => new(seq, Encoding.UTF8.GetBytes($"event {seq}"), false);

    /// <summary>A thread's grain of which only the subscription is asked for.</summary>
    public class Grain : DispatchProxy
    {
        internal Func<Task<ThreadSnapshot>> Subscribe { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(IThreadGrain.Subscribe) ? Subscribe() : throw new InvalidOperationException($"{targetMethod.Name} is not asked for.");
    }
}
