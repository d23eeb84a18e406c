using ChatBackend.Protocol;

namespace ChatBackend.Following;

/// <summary>Where a follower is on its way to the live end of its thread.</summary>
internal enum FollowerState
{
    /// <summary>It goes on when something happens: its thread gets a snapshot, or its hold ends.</summary>
    Waiting,

    /// <summary><see cref="FollowerCatchUp"/> sends it what it does not have.</summary>
    CatchingUp,

    /// <summary>It has all there is; what comes is sent to it at once.</summary>
    Live,

    /// <summary>It is sent nothing any more: its connection follows no longer, or the thread is deleted.</summary>
    Left,
}

/// <summary>One connection that follows one thread: how far it is. Guarded by the lock of the thread's <see cref="ThreadReplica"/>.</summary>
/// <param name="announcesCaughtUp">It answers a <c>follow</c>, which is told once when it has caught up.</param>
internal sealed class Follower(IConnectionOutboxes outboxes, ConnectionId connection, long cursor, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
{
    private const int MaxHeldBytes = 256 * 1024;

    private OutboundQueue? _held;
    private (long Cursor, PartId? Part, int Length, bool AnnouncesCaughtUp) _beforeHold;
    private (PartId? Part, int Length) _sent;

    public ConnectionId Connection => connection;

    public FollowerState State { get; private set; }

    /// <summary>The last <c>seq</c> it was sent, or said it has.</summary>
    public long Cursor { get; set; } = cursor;

    /// <summary>What is due is kept until a command of the same connection is answered, since its <c>ack</c> goes first. In any state.</summary>
    public bool IsHeld { get; private set; }

    public bool AnnouncesCaughtUp { get; private set; } = announcesCaughtUp;

    public Task CatchUp { get; private set; } = Task.CompletedTask;

    public CancellationTokenSource Leaving { get; } = new();

    /// <summary>How many frames it was sent: what shows that a catch-up gets on.</summary>
    public long Sent { get; private set; }

    /// <summary>A follower that faults again and again is one line in the log.</summary>
    public bool IsFaultLogged { get; set; }

    /// <summary>From <see cref="FollowerState.Waiting"/>, with the work that sends it what it does not have.</summary>
    public void BeginCatchUp(Func<Task> work) => (State, CatchUp) = (FollowerState.CatchingUp, Task.Run(work));

    /// <summary>It was sent all there is.</summary>
    public void BecomeLive() => (State, AnnouncesCaughtUp) = (FollowerState.Live, false);

    /// <summary>Its catch-up has ended before the live end; it is begun again when something happens.</summary>
    public void EndCatchUp() => State = State == FollowerState.CatchingUp ? FollowerState.Waiting : State;

    /// <summary>It is live no longer, and goes on from what it was sent last.</summary>
    public void FallBehind() => State = State == FollowerState.Live ? FollowerState.Waiting : State;

    public void Leave() => State = FollowerState.Left;

    public void Hold()
    {
        if (!IsHeld)
        {
            IsHeld = true;
            _held = new OutboundQueue();
            _beforeHold = (Cursor, _sent.Part, _sent.Length, AnnouncesCaughtUp);
        }
    }

    /// <summary>Ends the hold; what was kept is for the caller to send.</summary>
    /// <returns>Null when it was too much to keep: the follower is where it was when the hold began, and has to catch up.</returns>
    public OutboundQueue? Release()
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
        FallBehind();
        (Cursor, _sent.Part, _sent.Length, AnnouncesCaughtUp) = _beforeHold;
    }

    /// <summary>To its connection; or it is kept, while it is held, as long as that is not too much. From <see cref="ThreadReplica.Send"/>.</summary>
    /// <returns>The outbox that is to be flushed outside of the lock; null when none is.</returns>
    public IConnectionOutbox? Add(in OutboundFrame frame)
    {
        if (!IsHeld)
        {
            var outbox = outboxes.Find(connection);
            var begins = outbox?.Add(frame) == true;
            Sent++;
            return begins ? outbox : null;
        }

        _held?.Add(frame);
        if (_held?.Bytes > MaxHeldBytes)
        {
            _held = null;
        }

        return null;
    }

    /// <returns>False also when there is no such connection any more.</returns>
    public bool HasRoom(int bytes) => outboxes.Find(connection)?.HasRoom(bytes) == true;

    /// <returns>False when there is no such connection any more.</returns>
    public ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken cancellationToken) =>
        outboxes.Find(connection)?.WaitForRoomAsync(bytes, cancellationToken) ?? ValueTask.FromResult(false);

    /// <summary>How much of a part it has, in UTF-16 code units.</summary>
    public int PositionIn(PartId part)
    {
        if (_sent.Part == part)
        {
            return _sent.Length;
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

    public void Has(PartId part, int length) => _sent = (part, length);
}
