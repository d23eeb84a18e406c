using ChatBackend.Protocol;

namespace ChatBackend.Storage;

// What changes threads from outside their logs. It goes through the one writer like appends do, a little at a time.

internal sealed class PendingArchive(UserId owner, ThreadId thread, bool isArchived, DateTimeOffset at, CancellationToken cancellationToken)
    : PendingWrite<bool>(512, cancellationToken)
{
    public UserId Owner { get; } = owner;

    public ThreadId Thread { get; } = thread;

    public bool IsArchived { get; } = isArchived;

    public DateTimeOffset At { get; } = at;

    public override UserId? ChangedList => Result ? Owner : null;
}

internal sealed class PendingRead(UserId owner, ThreadId thread, long? seq, DateTimeOffset at, CancellationToken cancellationToken)
    : PendingWrite<long?>(512, cancellationToken)
{
    public UserId Owner { get; } = owner;

    public ThreadId Thread { get; } = thread;

    /// <summary>Null for all that is there.</summary>
    public long? Seq { get; } = seq;

    public DateTimeOffset At { get; } = at;

    public override UserId? ChangedList => Result is null ? null : Owner;
}

internal sealed class PendingDelete(ThreadId thread, long epoch, DateTimeOffset at, CancellationToken cancellationToken) : PendingWrite<bool>(512, cancellationToken)
{
    public ThreadId Thread { get; } = thread;

    public long Epoch { get; } = epoch;

    public DateTimeOffset At { get; } = at;

    /// <summary>Set with the result.</summary>
    public UserId? Owner { get; set; }

    public override UserId? ChangedList => Owner;
}

internal sealed class PendingErase(DateTimeOffset commandsBefore, CancellationToken cancellationToken) : PendingWrite<bool>(512, cancellationToken)
{
    private Exception? _unfinished;

    /// <summary>Commands from before are forgotten, and that threads were deleted before.</summary>
    public DateTimeOffset CommandsBefore { get; } = commandsBefore;

    /// <summary>No row is left; what is left is for the store's own files.</summary>
    public bool IsLast { get; set; }

    /// <summary>The rows are erased, durably, but the files could not be cleaned; the caller is told so after the commit.</summary>
    public void CleanUpFailed(Exception reason) => _unfinished = reason;

    public override void Complete()
    {
        if (_unfinished is { } reason)
        {
            Fail(reason);
        }
        else
        {
            base.Complete();
        }
    }
}

internal sealed class PendingTrim(ThreadId thread, long historyBegins, CancellationToken cancellationToken) : PendingWrite<bool>(512, cancellationToken)
{
    public ThreadId Thread { get; } = thread;

    public long HistoryBegins { get; } = historyBegins;
}
