using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>The end of a thread as a node knows it: its head, its last events, the part in flight. Says what of a publish is new. Not thread-safe.</summary>
internal sealed class ThreadTail(ThreadId thread, LogPages log)
{
    private readonly RecentEvents _recent = new();
    private PartInFlight? _part;

    public long Head { get; private set; }

    /// <summary>Whether a cursor is known to be of this history: the thread's beginning, a place without a time, or an event that is here.</summary>
    public bool Has(EventCursor cursor) =>
        cursor.Seq <= Head && (cursor.Seq == 0 || cursor.At is null || (_recent.Find(cursor.Seq) is { } known && cursor.Names(known.Json)));

    public bool Covers(long seq) => seq >= Head || _recent.Covers(seq);

    public void Reset(ThreadSnapshot snapshot)
    {
        Head = snapshot.Head;
        _part = snapshot.Part is { } part ? new PartInFlight(part) : null;
        _recent.Clear();
        foreach (var happened in snapshot.Recent)
        {
            _recent.Add(happened);
        }
    }

    /// <returns>False when something before it is missing.</returns>
    public bool TryTake(EncodedEvent happened, out bool isNew)
    {
        isNew = happened.Seq == Head + 1;
        if (!isNew)
        {
            return happened.Seq <= Head;
        }

        Head = happened.Seq;
        _recent.Add(happened);
        if (happened.EndsPart)
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

        _part ??= new PartInFlight(delta.Run, delta.Part, delta.Kind);
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
            if (bytes >= CatchUp.StepBytes)
            {
                return CatchUpStep.More;
            }

            bytes += threadEvent.Json.Length;
            follower.Send(new OutgoingFrame(thread, threadEvent.Json));
            follower.Cursor = threadEvent.Seq;
        }

        if (_part is { } part && part.From(follower.PositionIn(part.Part), OutgoingFrame.MaxText) is { Text.Length: > 0 } rest)
        {
            var position = rest.Offset + rest.Text.Length;
            follower.Send(OutgoingFrame.Of(thread, rest));
            follower.Has(part.Part, position);
            if (position < part.Length)
            {
                return CatchUpStep.More;
            }
        }

        if (follower.AnnouncesCaughtUp)
        {
            follower.Send(new OutgoingFrame(thread, WireJson.Encode(new CaughtUp { ThreadId = thread, Seq = Head, LogId = log.LogId })));
            follower.AnnouncesCaughtUp = false;
        }

        follower.IsLive = true;
        return CatchUpStep.Done;
    }
}
