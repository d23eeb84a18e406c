using ChatBackend.Errors;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Following;

/// <summary>The threads that connections of this node follow, each subscribed to at its writer once, for as long as one of them does.</summary>
internal sealed partial class ThreadSubscriptions(
    ThreadGrains grains, LocalNode node, IEventLog log, IThreadStore store, Quarantine quarantine, IConnectionOutboxes outboxes, TimeProvider clock,
    ILogger<ThreadSubscriptions> logger) : BackgroundService, INodeObserver
{
    // Each thread is renewed three times in a lease, and not all of them at once.
    private const int Shares = 30;
    private static readonly TimeSpan ShareEvery = ThreadPublisher.Lease / 3 / Shares;

    private readonly Lock _lock = new();
    private readonly LogPages _pages = new(log, quarantine);
    private readonly OwnedTasks _healing = new();
    private readonly LogSampler _lines = new(lines: 1, TimeSpan.FromSeconds(10), clock);
    private readonly Dictionary<ThreadId, ThreadSubscription> _threads = [];

    public string LogId => _pages.LogId;

    /// <param name="known">What the client already has of parts in flight.</param>
    /// <param name="announcesCaughtUp">Answers a <c>follow</c>.</param>
    /// <exception cref="ProtocolException">Not the user's, not an event of this history, or what comes after the cursor is not kept any more.</exception>
    public async Task<Subscription> FollowAsync(
        UserId user, ConnectionId connection, ThreadId thread, EventCursor after, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
    {
        var followed = Enter(thread);
        try
        {
            await followed.StartAsync(user, after.Seq);
            if (announcesCaughtUp)
            {
                await RequireHistoryAsync(user, thread, followed.Fanout, after);
                if (!outboxes.TakesHistory && !followed.Fanout.Covers(after.Seq))
                {
                    throw ProtocolException.TooMuchWaits();
                }
            }
        }
        catch
        {
            await ExitAsync(thread, followed);
            throw;
        }

        var follower = new Follower(outboxes, connection, after.Seq, known, announcesCaughtUp);
        followed.Fanout.Join(follower);
        return new Subscription(this, thread, followed, follower);
    }

    /// <summary>Joins a thread that is about to be created, held, so that nothing of its first run is missed.</summary>
    public Subscription AwaitNew(ConnectionId connection, ThreadId thread)
    {
        var followed = Enter(thread);
        var follower = new Follower(outboxes, connection, cursor: 0, known: [], announcesCaughtUp: false);
        follower.Hold();
        followed.Fanout.Join(follower);
        return new Subscription(this, thread, followed, follower);
    }

    /// <summary>Has a thread publish here until the result is disposed: a follower that joins meanwhile joins at once.</summary>
    /// <returns>Null when it is not the user's, or not there: what it is asked may be the retry of what it did before it was deleted.</returns>
    public async Task<IAsyncDisposable?> OpenAsync(UserId user, ThreadId thread)
    {
        var followed = Enter(thread);
        try
        {
            await followed.StartAsync(user, afterSeq: 0);
            return new Opened(this, thread, followed);
        }
        catch (ProtocolException ex) when (ex.Code == ErrorCode.NotFound)
        {
            await ExitAsync(thread, followed);
            return null;
        }
        catch
        {
            await ExitAsync(thread, followed);
            throw;
        }
    }

    /// <summary>This node's address, for the writer of a thread that is about to be created.</summary>
    public INodeObserver Address => node.AddressOf(this);

    /// <summary>What a thread's writer published.</summary>
    /// <returns>Ends when it is delivered. Where many follow, that takes a while, on another thread: the writer goes on, and what it says meanwhile gathers.</returns>
    public Task Publish(ThreadBatch batch)
    {
        ThreadSubscription? followed;
        lock (_lock)
        {
            followed = _threads.GetValueOrDefault(batch.Thread);
        }

        if (followed is { Fanout.IsCrowded: true })
        {
            return Task.Run(() => followed.Take(batch));
        }

        followed?.Take(batch);
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
        await foreach (var tick in PeriodicTicks.EveryAsync(ShareEvery, clock, stoppingToken))
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
        ThreadSubscription[] due;
        lock (_lock)
        {
            due = [.. _threads.Where(followed => (uint)followed.Key.GetHashCode() % Shares == tick % Shares).Select(followed => followed.Value)];
        }

        await Parallel.ForEachAsync(due, stoppingToken, async (followed, cancellationToken) => await followed.RenewAsync(cancellationToken));
    }

    private async Task RequireHistoryAsync(UserId user, ThreadId thread, ThreadFanout live, EventCursor after)
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
            throw Quarantine.Refusal();
        }
        catch (LogUnavailableException) when (isKnown)
        {
            // What is in memory can be followed all the same. What is not there is read later, and if it is gone by then, its gap is seen.
        }
        catch (LogUnavailableException)
        {
            throw ProtocolException.Unavailable(); // the history of the cursor cannot be told now
        }
    }

    private ThreadSubscription Enter(ThreadId thread)
    {
        var address = Address;
        lock (_lock)
        {
            if (!_threads.TryGetValue(thread, out var followed))
            {
                followed = new ThreadSubscription(thread, grains.Of(thread), address, _pages, outboxes, _healing, _lines, clock, logger);
                _threads.Add(thread, followed);
            }

            followed.Users++;
            return followed;
        }
    }

    internal async Task ExitAsync(ThreadId thread, ThreadSubscription followed)
    {
        lock (_lock)
        {
            if (--followed.Users > 0)
            {
                return;
            }
        }

        // It stays findable while it ends its subscription, so that a follower that comes meanwhile subscribes after that.
        await followed.StopAsync(() => IsUnused(followed));
        lock (_lock)
        {
            if (followed.Users == 0 && _threads.GetValueOrDefault(thread) == followed)
            {
                _threads.Remove(thread);
            }
        }
    }

    private bool IsUnused(ThreadSubscription followed)
    {
        lock (_lock)
        {
            return followed.Users == 0;
        }
    }

    private sealed class Opened(ThreadSubscriptions threads, ThreadId thread, ThreadSubscription followed) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await threads.ExitAsync(thread, followed);
    }

    [LoggerMessage(LogLevel.Error, "Some followed threads could not be renewed; retrying in the next round")]
    private partial void NotRenewed(Exception ex);
}
