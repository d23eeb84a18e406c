using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// One followed thread on this node, shared by all who follow it here: the subscription to its writer. After a gap or a
/// change of writer it subscribes anew, and each follower goes on from its own cursor.
/// </summary>
internal sealed partial class ThreadFeed(
    ThreadId thread, IThreadGrain grain, INodeObserver node, IEventLog log, FeedPort port, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private UserId? _owner;
    private Task _healing = Task.CompletedTask;

    public LiveFeed Live { get; } = new(thread, log, port, clock, logger);

    /// <summary>How many follow or are about to; counted by <see cref="ThreadFeeds"/>.</summary>
    public int Users { get; set; }

    /// <summary>Sees to it that the thread is the user's and that it publishes here.</summary>
    /// <exception cref="ProtocolException">Not the user's.</exception>
    public async Task StartAsync(UserId user, long afterSeq)
    {
        await _subscribing.WaitAsync();
        try
        {
            if (_owner is null || !Live.IsLive)
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
            Live.Resume(new ThreadSnapshot(owner, 0, [], null));
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Renews the lease, and with it notices what was missed in silence.</summary>
    public async Task RenewAsync()
    {
        await _subscribing.WaitAsync();
        try
        {
            if (_owner is { } owner)
            {
                await SubscribeAsync(owner, Live.Head);
            }
        }
        catch (ProtocolException gone) when (gone.Code == ErrorCode.NotFound)
        {
            Over(); // it was deleted, and the news did not come here
        }
        catch (Exception away) when (away is ProtocolException or TimeoutException or OrleansException)
        {
            NotReached(away, thread.Value);
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Ends the subscription, unless somebody follows again.</summary>
    public async Task StopAsync(Func<bool> isUnused)
    {
        await _subscribing.WaitAsync();
        try
        {
            if (_owner is not null && isUnused())
            {
                _owner = null;
                Live.Suspend();
                await grain.Unsubscribe(node);
            }
        }
        catch (Exception away) when (away is TimeoutException or OrleansException)
        {
            NotReached(away, thread.Value); // its lease runs out
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>What the thread's writer published, in order.</summary>
    public void Take(ThreadBatch batch)
    {
        if (batch.Deleted)
        {
            Over();
        }
        else if (batch.Moved)
        {
            Live.Suspend();
            Heal();
        }
        else if (!Live.Take(batch.Items))
        {
            Gap(thread.Value);
            Heal();
        }
    }

    /// <summary>The thread is deleted: its followers are told, and whoever comes now is told that there is none.</summary>
    private void Over()
    {
        _owner = null;
        Live.End();
    }

    private async Task SubscribeAsync(UserId user, long afterSeq)
    {
        var snapshot = await grain.Subscribe(user, afterSeq, node);
        _owner = snapshot.Owner;
        Live.Resume(snapshot);
    }

    // Batches of one thread come one at a time, so there is one healing at most.
    private void Heal()
    {
        if (_healing.IsCompleted)
        {
            _healing = HealAsync();
        }
    }

    private async Task HealAsync()
    {
        while (true)
        {
            await RenewAsync();
            if (Live.IsLive || _owner is null)
            {
                return;
            }

            await Task.Delay(Retry, clock, CancellationToken.None);
        }
    }

    [LoggerMessage(LogLevel.Information, "The feed of {Thread} missed something; it begins anew")]
    private partial void Gap(string thread);

    [LoggerMessage(LogLevel.Warning, "The feed of {Thread} could not reach its thread; it tries again")]
    private partial void NotReached(Exception away, string thread);
}
