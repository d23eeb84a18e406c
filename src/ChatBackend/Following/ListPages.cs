using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Following;

/// <summary>What of users' lists is sent to those who follow them, read from the store: few at once on a node, and in turn, so that the store has time for all other work.</summary>
internal sealed class ListPages(IThreadStore store, IEventLog log)
{
    /// <summary>Bytes that a page of changes has, or a little more.</summary>
    public const int StepBytes = 16 * 1024;

    private const int Newest = 50;
    private const int Changes = 32;

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));

    private string LogId => log.LogId;

    /// <summary>The user's newest threads that are not archived, newest first.</summary>
    /// <exception cref="LogUnavailableException"/>
    public async Task<ListPage> NewestAsync(UserId user, CancellationToken cancellationToken)
    {
        // Before the rows: what changes in between is sent again after them, and nothing is left out.
        var range = await InTurnAsync(() => store.ListRangeAsync(user, cancellationToken), cancellationToken);
        var page = await store.ListAsync(user, isArchived: false, null, Newest, cancellationToken);
        return new ListPage([.. page.Threads.Select(thread => Listed(thread, null))], range.Newest, HasMore: false) { HasOlder = page.Next is not null };
    }

    /// <exception cref="LogUnavailableException"/>
    public async Task<ListPage> AfterAsync(UserId user, long cursor, CancellationToken cancellationToken)
    {
        var (changes, hasMore) = await InTurnAsync(() => store.ListChangesAsync(user, cursor, Changes, cancellationToken), cancellationToken);
        return new ListPage([.. changes.Select(Frame)], changes.Count > 0 ? changes[^1].Number : cursor, hasMore);
    }

    public ThreadsCaughtUp CaughtUp(ListPage last) => new()
    {
        Cursor = ListCursor.Of(LogId, last.Cursor), LogId = LogId, HasMore = last.HasOlder ? true : null,
    };

    private ServerFrame Frame(ListedChange change)
    {
        var cursor = ListCursor.Of(LogId, change.Number);
        return change.Record is { } thread ? Listed(thread, cursor) : new ThreadUnlisted { ThreadId = change.Thread, Reason = UnlistReason.Deleted, Cursor = cursor };
    }

    private static ThreadListed Listed(ThreadRecord thread, string? cursor) => new()
    {
        ThreadId = thread.Thread,
        Title = thread.Title,
        Archived = thread.IsArchived,
        CreatedAt = thread.CreatedAt,
        UpdatedAt = thread.UpdatedAt,
        Head = thread.Head,
        Running = thread.IsOpen,
        NeedsApproval = thread.NeedsApproval,
        Unread = thread.IsUnread,
        Agent = thread.Agent,
        HistoryBeginsAt = thread.HistoryBegins,
        Cursor = cursor,
    };

    private async Task<T> InTurnAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            return await read();
        }
        finally
        {
            _turns.Release();
        }
    }
}

/// <param name="Cursor">The last change that is known with these frames.</param>
/// <param name="HasMore">There may be more changes.</param>
internal sealed record ListPage(IReadOnlyList<ServerFrame> Frames, long Cursor, bool HasMore)
{
    /// <summary>The user has threads that are older than these.</summary>
    public bool HasOlder { get; init; }
}
