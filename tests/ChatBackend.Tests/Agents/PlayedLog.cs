using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Agents;

/// <summary>A log of which only the search is used.</summary>
internal sealed class PlayedLog(params SearchHit[] hits) : IEventLog
{
    public string LogId => "played";

    public List<(UserId User, string Query)> Searches { get; } = [];

    public bool Unavailable { get; init; }

    public Task<IReadOnlyList<SearchHit>> SearchAsync(UserId user, string query, int maxHits, CancellationToken cancellationToken)
    {
        Searches.Add((user, query));
        return Unavailable ? throw new LogUnavailableException("/secret/path is full") : Task.FromResult<IReadOnlyList<SearchHit>>([.. hits.Take(maxHits)]);
    }

    public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
