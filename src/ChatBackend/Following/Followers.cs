using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Following;

/// <summary>
/// Those who follow one thread here, and what is delivered to all of them. Each delivery is guarded by itself: the fault of one follower costs
/// that one a fresh start, and no other an event. Guarded by the replica's lock.
/// </summary>
internal sealed class Followers(ThreadId thread, ThreadReplica replica, FollowerCatchUp catchUp)
{
    private readonly Dictionary<ConnectionId, Follower> _all = [];

    public int Count => _all.Count;

    public void Add(Follower follower) => _all[follower.Connection] = follower;

    /// <summary>Removes this one and no successor of it on the same connection.</summary>
    public void Remove(Follower follower)
    {
        if (_all.GetValueOrDefault(follower.Connection) == follower)
        {
            _all.Remove(follower.Connection);
        }
    }

    public void Deliver(EncodedEvent threadEvent)
    {
        foreach (var follower in _all.Values)
        {
            if (follower.State == FollowerState.Live)
            {
                Deliver(follower, threadEvent);
            }
        }
    }

    public void Deliver(PartText fresh)
    {
        OutboundFrame? shared = null;
        foreach (var follower in _all.Values)
        {
            if (follower.State == FollowerState.Live)
            {
                Deliver(follower, fresh, ref shared);
            }
        }
    }

    /// <summary>To those who are live; who catches up has no need of it.</summary>
    public void Deliver(ProgressReport progress)
    {
        foreach (var follower in _all.Values)
        {
            if (follower.State == FollowerState.Live)
            {
                Deliver(follower, progress);
            }
        }
    }

    /// <summary>After a new snapshot: each goes on from where it is.</summary>
    public void BeginAll()
    {
        foreach (var follower in _all.Values)
        {
            follower.FallBehind();
            Begin(follower);
        }
    }

    /// <summary>Brings a follower to where it is live: at once when that is little and its connection has room, else step by step.</summary>
    public void Begin(Follower follower)
    {
        if (follower.State != FollowerState.Waiting)
        {
            return;
        }

        try
        {
            var step = follower.HasRoom(ThreadReplica.StepBytes) ? replica.Advance(follower) : CatchUpStep.More;
            if (step != CatchUpStep.Done && !(step == CatchUpStep.Page && follower.IsHeld))
            {
                catchUp.Start(follower);
            }
        }
        catch (Exception ex)
        {
            catchUp.Restart(follower, ex);
        }
    }

    /// <summary>Ends a hold and sends what was kept.</summary>
    public void Release(Follower follower, bool isDeleted)
    {
        try
        {
            if (follower.Release() is { } kept)
            {
                while (kept.TryTake(out var frame))
                {
                    replica.Send(follower, frame);
                }
            }
            else if (isDeleted)
            {
                replica.Send(follower, Deleted());
            }
        }
        catch (Exception ex)
        {
            follower.Rewind(); // some of it may come twice, which seq and offset show; none is left out
            catchUp.Restart(follower, ex);
        }
    }

    /// <summary>The thread was deleted: each is told so, and follows no longer.</summary>
    public void EndAll()
    {
        foreach (var follower in _all.Values)
        {
            End(follower);
        }

        _all.Clear();
    }

    public void End(Follower follower)
    {
        follower.Leave();
        try
        {
            replica.Send(follower, Deleted());
        }
        catch (Exception ex)
        {
            catchUp.Restart(follower, ex);
        }
    }

    private void Deliver(Follower follower, EncodedEvent threadEvent)
    {
        try
        {
            replica.Send(follower, new OutboundFrame(thread, threadEvent.Json));
            follower.Cursor = threadEvent.Seq;
        }
        catch (Exception ex)
        {
            catchUp.Restart(follower, ex);
        }
    }

    private void Deliver(Follower follower, ProgressReport progress)
    {
        try
        {
            replica.Send(follower, new OutboundFrame(thread, progress.Json));
        }
        catch (Exception ex)
        {
            catchUp.Restart(follower, ex);
        }
    }

    /// <param name="shared">The frame for all who have everything before it; made for the first of them.</param>
    private void Deliver(Follower follower, PartText fresh, ref OutboundFrame? shared)
    {
        try
        {
            var (position, end) = (follower.PositionIn(fresh.Part), fresh.Offset + fresh.Text.Length);
            if (position < end)
            {
                replica.Send(follower, position == fresh.Offset ? shared ??= OutboundFrame.Of(thread, fresh) : OutboundFrame.Of(thread, replica.PartFrom(position)));
                follower.Has(fresh.Part, end);
            }
        }
        catch (Exception ex)
        {
            catchUp.Restart(follower, ex);
        }
    }

    private OutboundFrame Deleted() => new(thread, WireJson.Encode(new ThreadDeleted { ThreadId = thread }));
}
