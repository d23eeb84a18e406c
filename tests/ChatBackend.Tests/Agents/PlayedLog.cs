using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Agents;

/// <summary>A log that nothing is asked of.</summary>
internal sealed class PlayedLog : IEventLog
{
    public string LogId => "played";

    public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId thread, long fromSeq, long toSeq, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
