using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// The live end of a followed thread and those who follow it, under one lock: an event or a text is delivered to each
/// follower once, in order, whether it comes from the writer, from memory or from the log.
/// </summary>
internal sealed class LiveFeed
{
    private const int Crowd = 16;

    private readonly Lock _lock = new();
    private readonly ThreadId _thread;
    private readonly ThreadTail _tail;
    private readonly Followers _followers;
    private readonly EarlyItems _early = new();
    private bool _isLive;
    private bool _isDeleted;

    public LiveFeed(ThreadId thread, LogPages pages, FeedPort port, TimeProvider clock, ILogger logger)
    {
        _thread = thread;
        _tail = new ThreadTail(thread, pages);
        _followers = new Followers(thread, _tail, new CatchUp(thread, this, pages, port, clock, logger));
    }

    public bool IsLive
    {
        get
        {
            lock (_lock)
            {
                return _isLive;
            }
        }
    }

    public long Head
    {
        get
        {
            lock (_lock)
            {
                return _tail.Head;
            }
        }
    }

    /// <summary>So many follow that delivering to all of them is work.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_lock)
            {
                return _followers.Count > Crowd;
            }
        }
    }

    /// <summary>Whether a cursor is known to be of this history, without a look into the log.</summary>
    public bool Has(EventCursor cursor)
    {
        lock (_lock)
        {
            return _tail.Has(cursor);
        }
    }

    /// <summary>Whether all that comes after is in memory.</summary>
    public bool Covers(long seq)
    {
        lock (_lock)
        {
            return _tail.Covers(seq);
        }
    }

    /// <summary>Keeps what comes until the next snapshot says where it belongs.</summary>
    public void Suspend()
    {
        lock (_lock)
        {
            _isLive = false;
        }
    }

    /// <summary>Begins, or goes on, from a snapshot. Changes nothing when nothing was missed.</summary>
    /// <returns>False when something that came after the snapshot is missing: it takes another one.</returns>
    public bool Resume(ThreadSnapshot snapshot)
    {
        lock (_lock)
        {
            if (_isLive && _tail.Head >= snapshot.Head)
            {
                return true;
            }

            _tail.Reset(snapshot);
            _isLive = true;
            _followers.BeginAll();
            _isLive = _early.TryTake(out var early) && TryTakeAll(early);
            return _isLive;
        }
    }

    /// <summary>What the thread's writer published, in order.</summary>
    /// <returns>False when something before it is missing: the feed is suspended.</returns>
    public bool Take(PublishedItem[] items)
    {
        lock (_lock)
        {
            if (!_isLive)
            {
                _early.Add(items);
                return true;
            }

            _isLive = TryTakeAll(items);
            return _isLive;
        }
    }

    /// <summary>The thread is deleted: each follower is told so once, and nothing after it.</summary>
    public void Delete()
    {
        lock (_lock)
        {
            (_isDeleted, _isLive) = (true, false);
            _followers.EndAll();
        }
    }

    public Follower Join(Follower follower)
    {
        lock (_lock)
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
        lock (_lock)
        {
            follower.HasLeft = true;
            _followers.Remove(follower);
        }

        await follower.Leaving.CancelAsync();
        await follower.CatchingUp; // never throws
        follower.Leaving.Dispose();
    }

    public void Hold(Follower follower)
    {
        lock (_lock)
        {
            follower.Hold();
        }
    }

    public void Release(Follower follower)
    {
        lock (_lock)
        {
            if (!follower.IsHeld)
            {
                return;
            }

            _followers.Release(follower, _isDeleted);
            Begin(follower); // what was too much to keep, and pages, which are not read during a hold
        }
    }

    /// <summary>From <see cref="CatchUp"/>: sends what memory has for a follower that is not live, or says that it is in the log.</summary>
    public CatchUpStep Step(Follower follower, out long cursor)
    {
        lock (_lock)
        {
            var step = _isLive && !follower.HasLeft ? _tail.Advance(follower) : CatchUpStep.Done;
            if (step == CatchUpStep.Page && follower.IsHeld)
            {
                step = CatchUpStep.Done; // until it is released
            }

            follower.IsCatchingUp = step != CatchUpStep.Done;
            cursor = follower.Cursor;
            return step;
        }
    }

    /// <summary>From <see cref="CatchUp"/>: sends an event of the log.</summary>
    /// <param name="after">Where the follower was when the event was asked for, or the event before it.</param>
    /// <returns>False when it is not its turn: the follower went elsewhere, or the event, though committed, is still on its way here.</returns>
    public bool TrySend(Follower follower, long after, StoredEvent stored)
    {
        lock (_lock)
        {
            if (follower.HasLeft || follower.IsHeld || follower.IsLive || follower.Cursor != after || stored.Seq > _tail.Head)
            {
                return false;
            }

            follower.Send(new OutgoingFrame(_thread, stored.Json));
            follower.Cursor = stored.Seq;
            return true;
        }
    }

    /// <returns>False when something before one of them is missing.</returns>
    private bool TryTakeAll(PublishedItem[] items)
    {
        foreach (var item in items)
        {
            if (!(item.Delta is { } delta ? TryTake(delta, item.Head) : TryTake(item.Event)))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryTake(EncodedEvent threadEvent)
    {
        if (!_tail.TryTake(threadEvent, out var isNew))
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
        if (!_tail.TryTake(delta, saidAt, out var fresh))
        {
            return false;
        }

        if (fresh is not null)
        {
            _followers.Deliver(fresh);
        }

        return true;
    }

    /// <summary>In the lock.</summary>
    private void Begin(Follower follower)
    {
        if (_isLive)
        {
            _followers.Begin(follower);
        }
    }
}
