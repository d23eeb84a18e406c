using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>One connection that follows one thread: how far it is. Guarded by its feed's lock.</summary>
internal sealed class Follower(ConnectionId connection, long cursor, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
{
    /// <summary>The cursor of who wants what comes and nothing before.</summary>
    public const long FromNowOn = long.MaxValue;

    private List<ReadOnlyMemory<byte>>? _held;
    private PartId? _part;
    private int _sent;

    public ConnectionId Connection => connection;

    /// <summary>The last <c>seq</c> it was sent, or said it has.</summary>
    public long Cursor { get; set; } = cursor;

    /// <summary>It has all there is; what happens is sent to it at once.</summary>
    public bool IsLive { get; set; }

    /// <summary>What is due is kept until a command of the same connection is answered, since its <c>ack</c> goes first. Bounded by the time a command may take and by what a run may say in it.</summary>
    public void Hold() => _held ??= [];

    /// <summary>Ends the hold; what was kept is for the caller to send.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Release()
    {
        var kept = _held ?? [];
        _held = null;
        return kept;
    }

    public bool TryKeep(ReadOnlyMemory<byte> frame)
    {
        _held?.Add(frame);
        return _held is not null;
    }

    public bool HasLeft { get; set; }

    /// <summary>The thread was deleted, and it was told.</summary>
    public bool IsOver { get; set; }

    /// <summary>Answers a <c>follow</c>, which is told once when it has caught up.</summary>
    public bool AnnouncesCaughtUp { get; set; } = announcesCaughtUp;

    public bool IsCatchingUp { get; set; }

    public Task CatchingUp { get; set; } = Task.CompletedTask;

    public CancellationTokenSource Leaving { get; } = new();

    /// <summary>How much of a part it has, in UTF-16 code units.</summary>
    public int PositionIn(PartId part)
    {
        if (_part == part)
        {
            return _sent;
        }

        foreach (var position in known)
        {
            if (position.PartId == part)
            {
                return position.Length;
            }
        }

        return 0;
    }

    public void Has(PartId part, int length) => (_part, _sent) = (part, length);
}
