using ChatBackend.Errors;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Following;

/// <summary>
/// One followed thread on this node, shared by all who follow it here: the subscription to its writer. After a gap or a
/// change of writer it subscribes again, and each follower goes on from its own cursor.
/// </summary>
internal sealed partial class ThreadSubscription(
    ThreadId thread, IThreadGrain grain, INodeObserver node, LogPages pages, IConnectionOutboxes outboxes, OwnedTasks tasks, LogSampler lines, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(8);

    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private UserId? _owner;
    private Task _healing = Task.CompletedTask;

    public ThreadFanout Fanout { get; } = new(thread, pages, outboxes, clock, logger);

    /// <summary>How many follow or are about to; counted by <see cref="ThreadSubscriptions"/>.</summary>
    public int Users { get; set; }

    /// <summary>Sees to it that the thread is the user's and that it publishes here.</summary>
    /// <exception cref="ProtocolException">Not the user's.</exception>
    public async Task StartAsync(UserId user, long afterSeq)
    {
        await _subscribing.WaitAsync();
        try
        {
            // A cursor ahead of this node is of what is committed and on its way here; the writer knows.
            if (_owner is null || !Fanout.IsLive || afterSeq > Fanout.Head)
            {
                await SubscribeAsync(user, afterSeq);
            }

            if (_owner != user)
            {
                throw ProtocolException.NotFound();
            }
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Begins with a thread that was just created with this node as its first subscriber: nothing came before what is here already.</summary>
    public async Task StartNewAsync(UserId owner)
    {
        await _subscribing.WaitAsync();
        try
        {
            _owner = owner;
            if (!Fanout.Resume(new ThreadSnapshot(owner, 0, [], null)))
            {
                await SubscribeAsync(owner, 0);
            }
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Renews the lease, and with it notices what was missed in silence, and a thread that was deleted. A failure is logged, and the next renewal tries again.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        await _subscribing.WaitAsync(cancellationToken);
        try
        {
            if (_owner is { } owner)
            {
                await SubscribeAsync(owner, Fanout.Head).WaitAsync(cancellationToken);
            }
        }
        catch (ProtocolException ex) when (ex.Code == ErrorCode.NotFound)
        {
            Over(); // it was deleted, and the news did not come here
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            Log(ex);
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Ends the subscription, unless it has a follower again.</summary>
    public async Task StopAsync(Func<bool> isUnused)
    {
        await _subscribing.WaitAsync();
        try
        {
            if (_owner is not null && isUnused())
            {
                _owner = null;
                Fanout.Suspend();
                await grain.Unsubscribe(node);
            }
        }
        catch (Exception ex)
        {
            Log(ex); // its lease runs out
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>What the thread's writer published, in order. Never throws: what cannot be taken is a gap, which heals.</summary>
    public void Take(ThreadBatch batch)
    {
        try
        {
            Handle(batch);
        }
        catch (Exception ex)
        {
            NotTaken(ex, thread.Value);
            Fanout.Suspend();
            Heal();
        }
    }

    private void Handle(ThreadBatch batch)
    {
        if (batch.Deleted)
        {
            Over();
        }
        else if (batch.Moved)
        {
            Fanout.Suspend();
            Heal();
        }
        else if (!Fanout.Take(batch.Items))
        {
            Gap(thread.Value);
            Heal();
        }
    }

    /// <summary>The thread is deleted: its followers are told, and a follower that comes now is told that there is none.</summary>
    private void Over()
    {
        _owner = null;
        Fanout.Delete();
    }

    private async Task SubscribeAsync(UserId user, long afterSeq)
    {
        ThreadSnapshot snapshot;
        do
        {
            snapshot = await grain.Subscribe(user, afterSeq, node);
            _owner = snapshot.Owner;
        }
        while (!Fanout.Resume(snapshot)); // the next one has what is missing
    }

    // Batches of one thread come one at a time, so there is one healing at most.
    private void Heal()
    {
        if (_healing.IsCompleted)
        {
            _healing = tasks.Run(HealAsync); // not on the thread of a writer that publishes to its own node
        }
    }

    private async Task HealAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(FirstRetry, LastRetry);
        while (true)
        {
            await RenewAsync(cancellationToken);
            if (Fanout.IsLive || _owner is null)
            {
                return;
            }

            await Task.Delay(backoff.Next(), clock, cancellationToken);
        }
    }

    /// <summary>What meets many threads at once is told of once; what the store or the quarantine tells of, not here.</summary>
    private void Log(Exception ex)
    {
        if (ex is IReportedException)
        {
            Waits(ex.Message, thread.Value);
        }
        else if (lines.Admits("unreachable", out var leftOut))
        {
            NotReached(thread.Value, ex.GetType().Name, leftOut);
        }
    }

    [LoggerMessage(LogLevel.Information, "Gap detected in {Thread}; resubscribing")]
    private partial void Gap(string thread);

    [LoggerMessage(LogLevel.Debug, "The subscription to {Thread} waits for its writer: {Reason}")]
    private partial void Waits(string reason, string thread);

    [LoggerMessage(LogLevel.Warning, "Resubscribing to {Thread} failed ({Reason}); retrying. {LeftOut} more since the last such line")]
    private partial void NotReached(string thread, string reason, long leftOut);

    [LoggerMessage(LogLevel.Error, "A publish of {Thread} could not be applied; resubscribing")]
    private partial void NotTaken(Exception ex, string thread);
}
