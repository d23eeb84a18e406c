using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Agents;

/// <summary>A store of which only the search is used.</summary>
internal sealed class PlayedSearch(params FoundText[] hits) : IThreadStore
{
    public List<(UserId User, string Query)> Searches { get; } = [];

    public bool Unavailable { get; init; }

    public Task<FoundPage> SearchAsync(UserId owner, string query, bool? isArchived, SearchPosition? after, int max, CancellationToken cancellationToken)
    {
        Searches.Add((owner, query));
        return Unavailable ? throw new LogUnavailableException("/secret/path is full") : Task.FromResult(new FoundPage([.. hits.Take(max)], null));
    }

    public Task<ThreadRecord?> FindAsync(UserId owner, ThreadId thread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ThreadPage> ListAsync(UserId owner, bool isArchived, ThreadListPosition? after, int max, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<ResultPiece?> ReadResultAsync(ThreadId thread, CallId call, int piece, CancellationToken cancellationToken) => throw new NotSupportedException();

    public event Action<UserId>? ListChanged
    {
        add => throw new NotSupportedException();
        remove => throw new NotSupportedException();
    }

    public Task<ListRange> ListRangeAsync(UserId owner, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ListChanges> ListChangesAsync(UserId owner, long after, int max, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long?> MarkReadAsync(UserId owner, ThreadId thread, long? seq, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ArchiveAsync(UserId owner, ThreadId thread, bool isArchived, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> DeleteAsync(ThreadId thread, long epoch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> EraseAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ThreadHistory>> CreatedBeforeAsync(DateTimeOffset time, long afterKey, int max, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> TrimAsync(ThreadId thread, long historyBegins, CancellationToken cancellationToken) => throw new NotSupportedException();
}
