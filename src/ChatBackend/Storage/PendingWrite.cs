using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>What a caller waits for until the commit it is part of.</summary>
internal abstract class PendingWrite(long bytes, CancellationToken cancellationToken)
{
    /// <summary>What it holds in memory, roughly.</summary>
    public long Bytes { get; } = bytes;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>Whose list of threads says something different after the commit, or may; null when nobody's does.</summary>
    public virtual UserId? ChangedList => null;

    /// <summary>The commit happened: the caller gets the result.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception reason);

    public abstract void Cancel();
}

internal abstract class PendingWrite<TResult>(long bytes, CancellationToken cancellationToken) : PendingWrite(bytes, cancellationToken)
{
    // The writer's thread must not run what its callers do next.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Completion => _completion.Task;

    /// <summary>Known inside the transaction, told only after its commit.</summary>
    public TResult Result { protected get; set; } = default!;

    public override void Complete() => _completion.TrySetResult(Result);

    public override void Fail(Exception reason) => _completion.TrySetException(reason);

    public override void Cancel() => _completion.TrySetCanceled(CancellationToken);
}

internal sealed class PendingAppend(LogAppend append, CancellationToken cancellationToken)
    : PendingWrite<AppendResult>(Measure(append), cancellationToken)
{
    private const int Overhead = 512;

    public LogAppend Append { get; } = append;

    public override UserId? ChangedList => Result is AppendResult.Appended ? Append.NewOwner ?? Append.Listed?.Owner : null;

    private static long Measure(LogAppend append)
    {
        long bytes = Overhead;
        foreach (var @event in append.Events)
        {
            bytes += @event.Json.Length + @event.Record.Length;
        }

        bytes += append.Result?.Bytes ?? 0;
        return bytes + (append.Command?.Ack.Length ?? 0) + (2L * (append.Checkpoint?.Text.Length ?? 0));
    }
}

internal sealed class PendingOpen(ThreadId thread, CancellationToken cancellationToken) : PendingWrite<ThreadHeader?>(512, cancellationToken)
{
    public ThreadId Thread { get; } = thread;

    /// <summary>A thread is opened again after a commit whose outcome was not known: it may have changed the list.</summary>
    public override UserId? ChangedList => Result?.Owner;
}
