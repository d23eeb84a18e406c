using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// The live end of a followed thread and those who follow it, under one lock: an event or a text is delivered to each
/// follower once, in order, whether it comes from the writer, from memory or from the log.
/// </summary>
internal sealed partial class LiveFeed(ThreadId thread, IEventLog log, FeedPort port, TimeProvider clock, ILogger logger)
{
    private const int PageEvents = 256;
    private const int PageBytes = 64 * 1024;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly RecentEvents _recent = new();
    private readonly Dictionary<ConnectionId, Follower> _followers = [];
    private readonly List<PublishedItem> _early = [];
    private PartInFlight? _part;
    private long _head;
    private bool _isLive;
    private bool _isOver;

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
                return _head;
            }
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
    public void Resume(ThreadSnapshot snapshot)
    {
        lock (_lock)
        {
            if (_isLive && _head >= snapshot.Head)
            {
                return;
            }

            _head = snapshot.Head;
            _part = snapshot.Part is { } part ? new PartInFlight(part) : null;
            _recent.Clear();
            foreach (var happened in snapshot.Recent)
            {
                _recent.Add(happened);
            }

            _isLive = true;
            foreach (var follower in _followers.Values)
            {
                follower.IsLive = false;
                CatchUp(follower);
            }

            _isLive = _early.TrueForAll(TryTake);
            _early.Clear();
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
                _early.AddRange(items);
                return true;
            }

            _isLive = Array.TrueForAll(items, TryTake);
            return _isLive;
        }
    }

    /// <summary>The thread is deleted: everybody is told, once, and hears nothing after.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_isLive, _isOver) = (false, true);
            _early.Clear();
            foreach (var follower in _followers.Values)
            {
                End(follower);
            }

            _followers.Clear();
        }
    }

    public bool IsOver(Follower follower)
    {
        lock (_lock)
        {
            return follower.IsOver;
        }
    }

    public Follower Join(Follower follower)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                End(follower);
                return follower;
            }

            if (follower.Cursor == Follower.FromNowOn)
            {
                follower.Cursor = _head; // and now is when it joins, not when it catches up
            }

            _followers[follower.Connection] = follower;
            CatchUp(follower);
            return follower;
        }
    }

    public async Task LeaveAsync(Follower follower)
    {
        lock (_lock)
        {
            follower.HasLeft = true;
            if (_followers.GetValueOrDefault(follower.Connection) == follower)
            {
                _followers.Remove(follower.Connection);
            }
        }

        await follower.Leaving.CancelAsync();
        await follower.CatchingUp;
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
            foreach (var frame in follower.Release())
            {
                port.Deliver(follower.Connection, frame);
            }
        }
    }

    private void End(Follower follower)
    {
        (follower.IsOver, follower.HasLeft) = (true, true);
        Deliver(follower, WireJson.Encode(new ThreadDeleted { ThreadId = thread }));
    }

    /// <returns>False when something before it is missing.</returns>
    private bool TryTake(PublishedItem item) => item.Delta is { } delta ? TryTake(delta, item.Head) : TryTake(item.Event);

    private bool TryTake(EncodedEvent happened)
    {
        if (happened.Seq <= _head)
        {
            return true;
        }

        if (happened.Seq != _head + 1)
        {
            return false;
        }

        _head = happened.Seq;
        _recent.Add(happened);
        if (happened.EndsPart)
        {
            _part = null;
        }

        foreach (var follower in _followers.Values)
        {
            if (follower.IsLive)
            {
                follower.Cursor = happened.Seq;
                Deliver(follower, happened.Json);
            }
        }

        return true;
    }

    private bool TryTake(PartText delta, long saidAt)
    {
        if (saidAt != _head)
        {
            return saidAt < _head; // overtaken by a snapshot, or ahead of us
        }

        _part ??= new PartInFlight(delta.Run, delta.Part, delta.Kind);
        if (_part.Part != delta.Part || delta.Offset > _part.Length)
        {
            return false;
        }

        var length = delta.Offset + delta.Text.Length;
        if (length <= _part.Length)
        {
            return true;
        }

        var fresh = _part.Append(delta.Text[(_part.Length - delta.Offset)..]);
        byte[]? shared = null;
        foreach (var follower in _followers.Values)
        {
            if (!follower.IsLive)
            {
                continue;
            }

            var position = follower.PositionIn(fresh.Part);
            if (position < length)
            {
                Deliver(follower, position == fresh.Offset ? shared ??= Encode(fresh) : Encode(_part.From(position)));
                follower.Has(fresh.Part, length);
            }
        }

        return true;
    }

    /// <summary>Brings a follower to where it is live: at once when memory reaches back far enough, else in pages from the log. In the lock.</summary>
    private void CatchUp(Follower follower)
    {
        if (follower.IsCatchingUp || TryGoLive(follower))
        {
            return;
        }

        if (_isLive && !follower.HasLeft)
        {
            follower.IsCatchingUp = true;
            follower.CatchingUp = Task.Run(() => CatchUpAsync(follower));
        }
    }

    private bool TryGoLive(Follower follower)
    {
        if (!_isLive || follower.HasLeft)
        {
            return false;
        }

        // A cursor from the future is one that this log never gave out.
        follower.Cursor = Math.Min(follower.Cursor, _head);
        if (follower.Cursor < _head && !_recent.Covers(follower.Cursor))
        {
            return false;
        }

        foreach (var happened in _recent.After(follower.Cursor))
        {
            Deliver(follower, happened.Json);
        }

        follower.Cursor = _head;
        if (_part is { } part)
        {
            if (part.From(follower.PositionIn(part.Part)) is { Text.Length: > 0 } rest)
            {
                Deliver(follower, Encode(rest));
            }

            follower.Has(part.Part, Math.Max(part.Length, follower.PositionIn(part.Part)));
        }

        if (follower.AnnouncesCaughtUp)
        {
            follower.AnnouncesCaughtUp = false;
            Deliver(follower, WireJson.Encode(new CaughtUp { ThreadId = thread, Seq = _head }));
        }

        follower.IsLive = true;
        return true;
    }

    private async Task CatchUpAsync(Follower follower)
    {
        var cancellationToken = follower.Leaving.Token;
        try
        {
            while (true)
            {
                lock (_lock)
                {
                    if (TryGoLive(follower) || !_isLive || follower.HasLeft)
                    {
                        follower.IsCatchingUp = false;
                        return;
                    }
                }

                if (!await port.RoomAsync(follower.Connection, cancellationToken))
                {
                    return;
                }

                try
                {
                    foreach (var stored in await log.ReadAsync(thread, follower.Cursor, PageEvents, PageBytes, cancellationToken))
                    {
                        lock (_lock)
                        {
                            if (stored.Seq > _head || follower.HasLeft)
                            {
                                break; // committed, and on its way here: it comes live, after what goes before it
                            }

                            Deliver(follower, stored.Json);
                            follower.Cursor = stored.Seq;
                        }
                    }
                }
                catch (LogUnavailableException away)
                {
                    NotRead(away, thread.Value);
                    await Task.Delay(Retry, clock, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // it has left
        }
    }

    private void Deliver(Follower follower, ReadOnlyMemory<byte> frame)
    {
        if (!follower.TryKeep(frame))
        {
            port.Deliver(follower.Connection, frame);
        }
    }

    private byte[] Encode(PartText text) => WireJson.Encode((ServerFrame)(text.Kind == PartKind.Text
        ? new AgentDelta { ThreadId = thread, RunId = text.Run, PartId = text.Part, Offset = text.Offset, Text = text.Text }
        : new AgentThinking { ThreadId = thread, RunId = text.Run, PartId = text.Part, Offset = text.Offset, Text = text.Text }));

    [LoggerMessage(LogLevel.Warning, "The log of {Thread} could not be read; a follower waits")]
    private partial void NotRead(Exception away, string thread);
}
