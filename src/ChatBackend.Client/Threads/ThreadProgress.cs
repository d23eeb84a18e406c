using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>
/// How far a reader of one thread is: the last event, and how much of each part in flight. Decides for every frame whether it
/// is new, known, or shows that something before it is missing. Not thread-safe.
/// </summary>
internal sealed class ThreadProgress(ThreadCursor start)
{
    // A late delta of a part or run that is over would start it again. The server sends none, a replay may.
    private const int RememberedRuns = 32;

    private readonly Dictionary<PartId, Part> _parts = [];
    private readonly Queue<RunId> _endedRuns = new();
    private long _head = start.Seq;

    public long Cursor => LastEvent.Seq;

    /// <summary>The cursor with the time of its event, which tells it from the same number in another history.</summary>
    public ThreadCursor LastEvent { get; private set; } = start;

    /// <summary>What the reader has of parts in flight, as <c>follow</c> tells it.</summary>
    public IReadOnlyList<PartPosition> Positions =>
        [.. _parts.Where(part => part.Value is { IsOver: false, Length: > 0 }).Select(part => new PartPosition { PartId = part.Key, Length = part.Value.Length })];

    public Taken Take(ServerFrame frame) => frame switch
    {
        ThreadEvent threadEvent => Take(threadEvent),
        PartDelta delta => Take(delta),
        CaughtUp caughtUp => Take(caughtUp),
        ToolProgress progress => Take(progress),
        _ => Taken.Known,
    };

    private Taken Take(ThreadEvent threadEvent)
    {
        _head = Math.Max(_head, threadEvent.Seq);
        if (threadEvent.Seq <= Cursor)
        {
            return Taken.Known;
        }

        if (threadEvent.Seq != Cursor + 1)
        {
            return Taken.Missing;
        }

        LastEvent = new ThreadCursor(threadEvent.Seq, threadEvent.At == default ? null : threadEvent.At);
        switch (threadEvent)
        {
            case AgentPart part:
                _parts[part.PartId] = new Part(part.RunId, part.Text.Length, IsOver: true);
                break;
            case AgentCompleted or AgentStopped or AgentFailed:
                Forget(((RunEvent)threadEvent).RunId);
                break;
        }

        return new Taken(threadEvent, IsMissing: false);
    }

    private Taken Take(PartDelta delta)
    {
        if (Cursor < _head)
        {
            return Taken.Known; // an event before it is missing: that was reported, and what follows it brings this text again
        }

        var part = _parts.GetValueOrDefault(delta.PartId) ?? new Part(delta.RunId, Length: 0, IsOver: false);
        if (part.IsOver || _endedRuns.Contains(delta.RunId) || delta.Offset + delta.Text.Length <= part.Length)
        {
            return Taken.Known;
        }

        if (delta.Offset > part.Length)
        {
            return Taken.Missing;
        }

        var fresh = part.Length == delta.Offset ? delta : delta with { Offset = part.Length, Text = delta.Text[(part.Length - delta.Offset)..] };
        _parts[delta.PartId] = part with { Length = fresh.Offset + fresh.Text.Length };
        return new Taken(fresh, IsMissing: false);
    }

    /// <summary>It has no place that shows a gap: what is missing is told by the event that follows.</summary>
    private Taken Take(ToolProgress progress) =>
        Cursor < _head || _endedRuns.Contains(progress.RunId) ? Taken.Known : new Taken(progress, IsMissing: false);

    /// <summary>A head behind the cursor is a log that was put back; events that carry known numbers would be dropped as known.</summary>
    private Taken Take(CaughtUp caughtUp)
    {
        _head = Math.Max(_head, caughtUp.Seq);
        return caughtUp.Seq == Cursor ? Taken.Known : Taken.Missing;
    }

    private void Forget(RunId run)
    {
        foreach (var (id, _) in _parts.Where(part => part.Value.Run == run))
        {
            _parts.Remove(id);
        }

        _endedRuns.Enqueue(run);
        if (_endedRuns.Count > RememberedRuns)
        {
            _endedRuns.Dequeue();
        }
    }

    private sealed record Part(RunId Run, int Length, bool IsOver);
}

/// <param name="Frame">What is new of the frame; null when nothing is.</param>
/// <param name="IsMissing">Something before the frame did not arrive: follow again.</param>
internal readonly record struct Taken(ServerFrame? Frame, bool IsMissing)
{
    public static Taken Known => default;

    public static Taken Missing => new(null, IsMissing: true);
}
