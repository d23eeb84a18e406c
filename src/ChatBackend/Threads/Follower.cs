using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>One connection that follows one thread: how far it is. Guarded by its feed's lock.</summary>
internal sealed class Follower(FeedPort port, ConnectionId connection, long cursor, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
{
    private const int MaxHeldBytes = 256 * 1024;

    private WaitingFrames? _held;
    private (long Cursor, PartId? Part, int Sent, bool AnnouncesCaughtUp) _beforeHold;
    private PartId? _part;
    private int _sent;

    public ConnectionId Connection => connection;

    /// <summary>The last <c>seq</c> it was sent, or said it has.</summary>
    public long Cursor { get; set; } = cursor;

    /// <summary>It has all there is; what happens is sent to it at once.</summary>
    public bool IsLive { get; set; }

    /// <summary>What is due is kept until a command of the same connection is answered, since its <c>ack</c> goes first.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>It is sent nothing any more: its connection follows no longer, or the thread is no more.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Answers a <c>follow</c>, which is told once when it has caught up.</summary>
    public bool AnnouncesCaughtUp { get; set; } = announcesCaughtUp;

    public bool IsCatchingUp { get; set; }

    public Task CatchingUp { get; set; } = Task.CompletedTask;

    public CancellationTokenSource Leaving { get; } = new();

    /// <summary>How many frames it was sent: what shows that a catch-up gets on.</summary>
    public long Sent { get; private set; }

    /// <summary>A follower that faults again and again is one line in the log.</summary>
    public bool IsFaultLogged { get; set; }

    public void Hold()
    {
        if (!IsHeld)
        {
            IsHeld = true;
            _held = new WaitingFrames();
            _beforeHold = (Cursor, _part, _sent, AnnouncesCaughtUp);
        }
    }

    /// <summary>To its connection; or it is kept, while it is held, as long as that is not too much.</summary>
    public void Send(in OutgoingFrame frame)
    {
        if (!IsHeld)
        {
            port.Deliver(connection, frame);
            Sent++;
            return;
        }

        _held?.Add(frame);
        if (_held?.Bytes > MaxHeldBytes)
        {
            _held = null;
        }
    }

    public bool HasRoom(int bytes) => port.HasRoom(connection, bytes);

    /// <summary>Ends the hold; what was kept is for the caller to send.</summary>
    /// <returns>Null when it was too much to keep: the follower is where it was when the hold began, and has to catch up.</returns>
    public WaitingFrames? Release()
    {
        IsHeld = false;
        var kept = _held;
        _held = null;
        if (kept is null)
        {
            Rewind();
        }

        return kept;
    }

    /// <summary>Goes back to where it was when its last hold began, and has to catch up.</summary>
    public void Rewind()
    {
        IsLive = false;
        (Cursor, _part, _sent, AnnouncesCaughtUp) = _beforeHold;
    }

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
