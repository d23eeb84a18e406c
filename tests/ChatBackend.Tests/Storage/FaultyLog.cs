using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>A log that counts its reads, and of which an append may fail: before its commit, or after it, without a report that it took effect.</summary>
internal sealed class FaultyLog(IEventLog log) : IEventLog
{
    private int _reads;

    /// <summary>What becomes of an append; null where nothing is wrong with it.</summary>
    public Func<LogAppend, AppendFault?> FaultOf { get; set; } = _ => null;

    public string LogId => log.LogId;

    /// <summary>Reads of events so far.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public async Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken)
    {
        var fault = FaultOf(append);
        if (fault == AppendFault.Bug)
        {
            throw new InvalidOperationException("A bug that was asked for.");
        }

        var result = fault == AppendFault.Before ? null : await log.AppendAsync(append, cancellationToken);
        return fault is null ? result! : throw new LogUnavailableException("A fault that was asked for.");
    }

    public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return log.ReadAsync(thread, afterSeq, maxEvents, maxBytes, cancellationToken);
    }

    public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return log.ReadBackAsync(thread, beforeSeq, maxEvents, cancellationToken);
    }

    public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => log.OpenAsync(thread, cancellationToken);

    public Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId thread, long fromSeq, long toSeq, CancellationToken cancellationToken) =>
        log.ReadRecordsAsync(thread, fromSeq, toSeq, cancellationToken);

    public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) => log.FindEventAsync(thread, id, cancellationToken);

    public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) =>
        log.ReadCheckpointsAsync(thread, cancellationToken);

    public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) =>
        log.FindCommandAsync(user, id, cancellationToken);

    public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => log.ThreadsWithOpenWorkAsync(cancellationToken);
}

internal enum AppendFault
{
    Before,
    After,

    /// <summary>Something is thrown that no log throws when it is away.</summary>
    Bug,
}
