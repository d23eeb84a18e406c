using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>The threads followed on this node, each by one feed for as long as somebody here follows it.</summary>
internal sealed partial class ThreadFeeds(
    IGrainFactory grains, IEventLog log, IThreadStore store, Quarantine quarantine, Histories histories, FeedPort port, TimeProvider clock, ILogger<ThreadFeeds> logger) : BackgroundService
{
    // Each feed is renewed three times in a lease, and not all of them at once.
    private const int Shares = 30;
    private static readonly TimeSpan ShareEvery = LiveThread.Lease / 3 / Shares;

    private readonly Lock _lock = new();
    private readonly LogPages _pages = new(log, quarantine);
    private readonly OwnedTasks _healing = new();
    private readonly LogSampler _lines = new(lines: 1, TimeSpan.FromSeconds(10), clock);
    private readonly Dictionary<ThreadId, ThreadFeed> _feeds = [];
    private NodeObserver? _observer;
    private INodeObserver? _node;

    public string LogId => _pages.LogId;

    /// <param name="known">What the client already has of parts in flight.</param>
    /// <param name="announcesCaughtUp">Answers a <c>follow</c>.</param>
    /// <exception cref="ProtocolException">Not the user's, not an event of this history, or what comes after the cursor is not kept any more.</exception>
    public async Task<Subscription> FollowAsync(
        UserId user, ConnectionId connection, ThreadId thread, EventCursor after, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
    {
        var feed = Enter(thread);
        try
        {
            await feed.StartAsync(user, after.Seq);
            if (announcesCaughtUp)
            {
                await RequireHistoryAsync(user, thread, feed.Live, after);
                if (!port.TakesHistory() && !feed.Live.Covers(after.Seq))
                {
                    throw ProtocolException.TooMuchWaits();
                }
            }
        }
        catch
        {
            await ExitAsync(thread, feed);
            throw;
        }

        var follower = new Follower(port, connection, after.Seq, known, announcesCaughtUp);
        feed.Live.Join(follower);
        return new Subscription(this, thread, feed, follower);
    }

    /// <summary>Joins a thread that is about to be created, held, so that nothing of its first run is missed.</summary>
    public Subscription AwaitNew(ConnectionId connection, ThreadId thread)
    {
        var feed = Enter(thread);
        var follower = new Follower(port, connection, cursor: 0, known: [], announcesCaughtUp: false);
        follower.Hold();
        feed.Live.Join(follower);
        return new Subscription(this, thread, feed, follower);
    }

    /// <summary>Has a thread publish here until the result is disposed: a follower that joins meanwhile joins at once.</summary>
    /// <returns>Null when it is not the user's, or not there: what it is asked may be the retry of what it did before it was deleted.</returns>
    public async Task<IAsyncDisposable?> OpenAsync(UserId user, ThreadId thread)
    {
        var feed = Enter(thread);
        try
        {
            await feed.StartAsync(user, afterSeq: 0);
            return new Opened(this, thread, feed);
        }
        catch (ProtocolException refused) when (refused.Code == ErrorCode.NotFound)
        {
            await ExitAsync(thread, feed);
            return null;
        }
        catch
        {
            await ExitAsync(thread, feed);
            throw;
        }
    }

    /// <summary>This node, as a thread's writer is told of it.</summary>
    public INodeObserver Node()
    {
        lock (_lock)
        {
            // Orleans keeps only a weak reference to the observer behind its address.
            return _node ??= grains.CreateObjectReference<INodeObserver>(_observer = new NodeObserver(this));
        }
    }

    /// <summary>The shortest way to a node: where it is this one, its observer itself, without a message between them.</summary>
    public INodeObserver Nearest(INodeObserver node)
    {
        lock (_lock)
        {
            return _node is not null && node.Equals(_node) ? _observer! : node;
        }
    }

    /// <summary>From the node's observer: what a thread's writer published.</summary>
    /// <returns>Ends when it is delivered. Where many follow, that takes a while, on another thread: the writer goes on, and what it says meanwhile gathers.</returns>
    public Task TakeAsync(ThreadBatch batch)
    {
        ThreadFeed? feed;
        lock (_lock)
        {
            feed = _feeds.GetValueOrDefault(batch.Thread);
        }

        if (feed is { Live.IsCrowded: true })
        {
            return Task.Run(() => feed.Take(batch));
        }

        feed?.Take(batch);
        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _healing.StopAsync().WaitAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _healing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var tick in Ticks.EveryAsync(ShareEvery, clock, stoppingToken))
        {
            try
            {
                await RenewAsync(tick, stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                // The ticks end, too.
            }
            catch (Exception ex)
            {
                NotRenewed(ex);
            }
        }
    }

    private async Task RenewAsync(long tick, CancellationToken stoppingToken)
    {
        if (tick % Shares == 0)
        {
            histories.ForgetIdle(); // followed threads that are quiet need no memory but their place
        }

        ThreadFeed[] feeds;
        lock (_lock)
        {
            feeds = [.. _feeds.Where(feed => (uint)feed.Key.GetHashCode() % Shares == tick % Shares).Select(feed => feed.Value)];
        }

        await Parallel.ForEachAsync(feeds, stoppingToken, async (feed, cancellationToken) => await feed.RenewAsync(cancellationToken));
    }

    private async Task RequireHistoryAsync(UserId user, ThreadId thread, LiveFeed live, EventCursor after)
    {
        var isKnown = live.Has(after);
        try
        {
            if (await store.FindAsync(user, thread, CancellationToken.None) is { } record)
            {
                await (isKnown ? after with { At = null } : after).RequireAsync(record, log, CancellationToken.None);
            }
        }
        catch (UnreadableThreadException ex)
        {
            quarantine.Add(ex);
            throw ProtocolException.Unreadable();
        }
        catch (LogUnavailableException) when (isKnown)
        {
            // What is in memory can be followed all the same. What is not there is read later, and if it is gone by then, its gap is seen.
        }
        catch (LogUnavailableException)
        {
            throw ProtocolException.Unavailable(); // nobody can say now of which history the cursor is
        }
    }

    private ThreadFeed Enter(ThreadId thread)
    {
        var node = Node();
        lock (_lock)
        {
            if (!_feeds.TryGetValue(thread, out var feed))
            {
                feed = new ThreadFeed(thread, grains.GetGrain<IThreadGrain>(thread.Value), node, _pages, port, _healing, _lines, clock, logger);
                _feeds.Add(thread, feed);
            }

            feed.Users++;
            return feed;
        }
    }

    private async Task ExitAsync(ThreadId thread, ThreadFeed feed)
    {
        lock (_lock)
        {
            if (--feed.Users > 0)
            {
                return;
            }
        }

        // It stays findable while it ends its subscription, so that a follower that comes meanwhile subscribes after that.
        await feed.StopAsync(() => IsUnused(feed));
        lock (_lock)
        {
            if (feed.Users == 0 && _feeds.GetValueOrDefault(thread) == feed)
            {
                _feeds.Remove(thread);
            }
        }
    }

    private bool IsUnused(ThreadFeed feed)
    {
        lock (_lock)
        {
            return feed.Users == 0;
        }
    }

    /// <summary>One connection's following of one thread.</summary>
    internal sealed class Subscription(ThreadFeeds feeds, ThreadId thread, ThreadFeed feed, Follower follower)
    {
        /// <summary>The thread is no more, and its followers have been told.</summary>
        public bool IsOver => follower.HasLeft;

        /// <summary>The awaited thread was created.</summary>
        public Task CreatedAsync(UserId owner) => feed.StartNewAsync(owner);

        /// <summary>Delivers nothing of this thread until released: an <c>ack</c> goes before what it caused.</summary>
        public void Hold() => feed.Live.Hold(follower);

        public void Release() => feed.Live.Release(follower);

        public async Task EndAsync()
        {
            try
            {
                await feed.Live.LeaveAsync(follower);
            }
            finally
            {
                await feeds.ExitAsync(thread, feed);
            }
        }
    }

    private sealed class Opened(ThreadFeeds feeds, ThreadId thread, ThreadFeed feed) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await feeds.ExitAsync(thread, feed);
    }

    [LoggerMessage(LogLevel.Error, "Some followed threads could not be renewed; retrying in the next round")]
    private partial void NotRenewed(Exception ex);

    private sealed class NodeObserver(ThreadFeeds feeds) : INodeObserver
    {
        public Task Publish(ThreadBatch batch) => feeds.TakeAsync(batch);
    }
}
