using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Following;

/// <summary>
/// Hands what a thread's writer publishes to every follower of the thread on this node, under one lock: an event or a text is delivered to
/// each follower once, in order, whether it comes from the writer, from memory or from the log.
/// </summary>
internal sealed class ThreadFanout
{
    private const int Crowd = 16;

    private readonly ThreadId _thread;
    private readonly Followers _followers;
    private readonly PreSnapshotBuffer _early = new();
    private bool _isDeleted;

    public ThreadFanout(ThreadId thread, LogPages pages, IConnectionOutboxes outboxes, TimeProvider clock, ILogger logger)
    {
        _thread = thread;
        Replica = new ThreadReplica(thread, pages);
        _followers = new Followers(thread, Replica, new FollowerCatchUp(thread, Replica, pages, outboxes, clock, logger));
    }

    public ThreadReplica Replica { get; }

    public bool IsLive
    {
        get
        {
            using (Replica.Enter())
            {
                return Replica.IsLive;
            }
        }
    }

    public long Head
    {
        get
        {
            using (Replica.Enter())
            {
                return Replica.Head;
            }
        }
    }

    /// <summary>So many follow that delivering to all of them is work.</summary>
    public bool IsCrowded
    {
        get
        {
            using (Replica.Enter())
            {
                return _followers.Count > Crowd;
            }
        }
    }

    /// <summary>Whether a cursor is known to be of this history, without a look into the log.</summary>
    public bool Has(EventCursor cursor)
    {
        using (Replica.Enter())
        {
            return Replica.Has(cursor);
        }
    }

    /// <summary>Whether all that comes after is in memory.</summary>
    public bool Covers(long seq)
    {
        using (Replica.Enter())
        {
            return Replica.Covers(seq);
        }
    }

    /// <summary>Keeps what comes until the next snapshot says where it belongs.</summary>
    public void Suspend()
    {
        using (Replica.Enter())
        {
            Replica.IsLive = false;
        }
    }

    /// <summary>Begins, or goes on, from a snapshot. Changes nothing when nothing was missed.</summary>
    /// <returns>False when something that came after the snapshot is missing: it takes another one.</returns>
    public bool Resume(ThreadSnapshot snapshot)
    {
        using (Replica.Enter())
        {
            if (Replica.IsLive && Replica.Head >= snapshot.Head)
            {
                return true;
            }

            Replica.Reset(snapshot);
            Replica.IsLive = true;
            _followers.BeginAll();
            Replica.IsLive = _early.TryTake(out var early) && TryTakeAll(early);
            return Replica.IsLive;
        }
    }

    /// <summary>What the thread's writer published, in order.</summary>
    /// <returns>False when something before it is missing: it is suspended.</returns>
    public bool Take(PublishedItem[] items)
    {
        using (Replica.Enter())
        {
            if (!Replica.IsLive)
            {
                _early.Add(items);
                return true;
            }

            Replica.IsLive = TryTakeAll(items);
            return Replica.IsLive;
        }
    }

    /// <summary>The thread is deleted: each follower is told so once, and nothing after it.</summary>
    public void Delete()
    {
        using (Replica.Enter())
        {
            (_isDeleted, Replica.IsLive) = (true, false);
            _followers.EndAll();
        }
    }

    public Follower Join(Follower follower)
    {
        using (Replica.Enter())
        {
            if (_isDeleted)
            {
                _followers.End(follower); // it was there when the connection asked
                return follower;
            }

            _followers.Add(follower);
            Begin(follower);
            return follower;
        }
    }

    public async Task LeaveAsync(Follower follower)
    {
        using (Replica.Enter())
        {
            follower.Leave();
            _followers.Remove(follower);
        }

        await follower.Leaving.CancelAsync();
        await follower.CatchUp; // never throws
        follower.Leaving.Dispose();
    }

    public void Hold(Follower follower)
    {
        using (Replica.Enter())
        {
            follower.Hold();
        }
    }

    public void Release(Follower follower)
    {
        using (Replica.Enter())
        {
            if (!follower.IsHeld)
            {
                return;
            }

            _followers.Release(follower, _isDeleted);
            Begin(follower); // what was too much to keep, and pages, which are not read during a hold
        }
    }

    /// <returns>False when something before one of them is missing.</returns>
    private bool TryTakeAll(PublishedItem[] items)
    {
        foreach (var item in items)
        {
            var isTaken = item switch
            {
                { Delta: { } delta } => TryTake(delta, item.Head),
                { Progress: { } progress } => TryTake(progress, item.Head),
                _ => TryTake(item.Event),
            };
            if (!isTaken)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryTake(EncodedEvent threadEvent)
    {
        if (!Replica.TryTake(threadEvent, out var isNew))
        {
            return false;
        }

        if (isNew)
        {
            _followers.Deliver(threadEvent);
        }

        return true;
    }

    private bool TryTake(PartText delta, long saidAt)
    {
        if (!Replica.TryTake(delta, saidAt, out var fresh))
        {
            return false;
        }

        if (fresh is not null)
        {
            _followers.Deliver(fresh);
        }

        return true;
    }

    private bool TryTake(ProgressReport progress, long saidAt)
    {
        if (saidAt == Replica.Head)
        {
            _followers.Deliver(progress);
        }

        return saidAt <= Replica.Head; // one that is overtaken is of no use any more, one that is ahead shows a gap
    }

    /// <summary>In the lock.</summary>
    private void Begin(Follower follower)
    {
        if (Replica.IsLive)
        {
            _followers.Begin(follower);
        }
    }
}
