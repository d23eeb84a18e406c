using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;

namespace ChatBackend.Following;

/// <summary>What a follower on its way to the live end was sent, and needs next.</summary>
internal enum CatchUpStep
{
    /// <summary>It is live, has left, or goes on when something else has happened.</summary>
    Done,

    /// <summary>There is more in memory.</summary>
    More,

    /// <summary>What it needs next is in the log.</summary>
    Page,
}

/// <summary>A node's copy of the end of a thread: its head, its last events and the part in flight. Tells what of a publish is new, and what a follower needs next.</summary>
/// <remarks>All of it, and the followers of the thread, are guarded by the lock that <see cref="Enter"/> takes. The two members for <see cref="FollowerCatchUp"/> enter it by themselves.</remarks>
internal sealed class ThreadReplica(ThreadId thread, LogPages log)
{
    /// <summary>Bytes that one step sends, or a little more.</summary>
    public const int StepBytes = 16 * 1024;

    private readonly RecentEvents _recent = new();
    private readonly Lock _lock = new();
    private List<IConnectionOutbox> _due = []; // to be flushed when the lock is left
    private List<IConnectionOutbox>? _flushed; // for reuse
    private StreamingPart? _part;

    /// <summary>It follows its writer: nothing is missing.</summary>
    public bool IsLive { get; set; }

    public long Head { get; private set; }

    /// <summary>Takes the lock until the result is disposed. What is due to idle connections by then is sent after that: no lock is held across a socket.</summary>
    public Entry Enter()
    {
        _lock.Enter();
        return new Entry(this);
    }

    /// <summary>Sends a follower a frame, in the lock.</summary>
    public void Send(Follower follower, in OutboundFrame frame)
    {
        if (follower.Add(frame) is { } outbox)
        {
            _due.Add(outbox);
        }
    }

    /// <summary>Whether a cursor is known to be of this history: the thread's beginning, a place without a time, or an event that is here.</summary>
    public bool Has(EventCursor cursor) =>
        cursor.Seq <= Head && (cursor.Seq == 0 || cursor.At is null || (_recent.Find(cursor.Seq) is { } known && cursor.Names(known.Json)));

    public bool Covers(long seq) => seq >= Head || _recent.Covers(seq);

    public void Reset(ThreadSnapshot snapshot)
    {
        Head = snapshot.Head;
        _part = snapshot.Part is { } part ? new StreamingPart(part) : null;
        _recent.Clear();
        foreach (var threadEvent in snapshot.Recent)
        {
            _recent.Add(threadEvent);
        }
    }

    /// <returns>False when something before it is missing.</returns>
    public bool TryTake(EncodedEvent threadEvent, out bool isNew)
    {
        isNew = threadEvent.Seq == Head + 1;
        if (!isNew)
        {
            return threadEvent.Seq <= Head;
        }

        Head = threadEvent.Seq;
        _recent.Add(threadEvent);
        if (threadEvent.EndsPart)
        {
            _part = null;
        }

        return true;
    }

    /// <param name="fresh">What of the text is new; null when nothing is.</param>
    /// <returns>False when something before it is missing.</returns>
    public bool TryTake(PartText delta, long saidAt, out PartText? fresh)
    {
        fresh = null;
        if (saidAt != Head)
        {
            return saidAt < Head; // overtaken by a snapshot, or ahead of us
        }

        _part ??= new StreamingPart(delta.Run, delta.Part, delta.Kind);
        if (_part.Part != delta.Part || delta.Offset > _part.Length)
        {
            return false;
        }

        if (delta.Offset + delta.Text.Length > _part.Length)
        {
            fresh = _part.Append(delta.Text[(_part.Length - delta.Offset)..]);
        }

        return true;
    }

    /// <summary>The text of the part in flight from a position on.</summary>
    public PartText PartFrom(int position) => _part!.From(position);

    /// <summary>Sends a follower what comes next for it, a step's worth at most, and makes it live when that was all.</summary>
    public CatchUpStep Advance(Follower follower)
    {
        // A cursor from the future is one that this log never gave out.
        follower.Cursor = Math.Min(follower.Cursor, Head);
        if (follower.Cursor < Head && !_recent.Covers(follower.Cursor))
        {
            return CatchUpStep.Page;
        }

        var bytes = 0;
        foreach (var threadEvent in _recent.After(follower.Cursor))
        {
            if (bytes >= StepBytes)
            {
                return CatchUpStep.More;
            }

            bytes += threadEvent.Json.Length;
            Send(follower, new OutboundFrame(thread, threadEvent.Json));
            follower.Cursor = threadEvent.Seq;
        }

        if (_part is { } part && part.From(follower.PositionIn(part.Part), OutboundFrame.MaxText) is { Text.Length: > 0 } rest)
        {
            var position = rest.Offset + rest.Text.Length;
            Send(follower, OutboundFrame.Of(thread, rest));
            follower.Has(part.Part, position);
            if (position < part.Length)
            {
                return CatchUpStep.More;
            }
        }

        if (follower.AnnouncesCaughtUp)
        {
            Send(follower, new OutboundFrame(thread, WireJson.Encode(new CaughtUp { ThreadId = thread, Seq = Head, LogId = log.LogId })));
        }

        follower.BecomeLive();
        return CatchUpStep.Done;
    }

    /// <summary>For <see cref="FollowerCatchUp"/>: sends what memory has for a follower that is not live, or tells that it is in the log.</summary>
    public CatchUpStep Step(Follower follower, out long cursor)
    {
        using (Enter())
        {
            var step = IsLive && follower.State != FollowerState.Left ? Advance(follower) : CatchUpStep.Done;
            if (step == CatchUpStep.Page && follower.IsHeld)
            {
                step = CatchUpStep.Done; // until it is released
            }

            if (step == CatchUpStep.Done)
            {
                follower.EndCatchUp();
            }

            cursor = follower.Cursor;
            return step;
        }
    }

    /// <summary>For <see cref="FollowerCatchUp"/>: sends an event of the log.</summary>
    /// <param name="after">Where the follower was when the event was asked for, or the event before it.</param>
    /// <returns>False when it is not its turn: the follower was moved, or the event, though committed, is still on its way here.</returns>
    public bool TrySend(Follower follower, long after, StoredEvent stored)
    {
        using (Enter())
        {
            if (follower.State != FollowerState.CatchingUp || follower.IsHeld || follower.Cursor != after || stored.Seq > Head)
            {
                return false;
            }

            Send(follower, new OutboundFrame(thread, stored.Json));
            follower.Cursor = stored.Seq;
            return true;
        }
    }

    private void Leave()
    {
        var due = _due;
        if (due.Count == 0)
        {
            _lock.Exit();
            return;
        }

        _due = Interlocked.Exchange(ref _flushed, null) ?? [];
        _lock.Exit();
        foreach (var outbox in due)
        {
            outbox.Flush();
        }

        due.Clear();
        Volatile.Write(ref _flushed, due);
    }

    public readonly ref struct Entry(ThreadReplica replica)
    {
        public void Dispose() => replica.Leave();
    }
}
