using ChatBackend.Protocol;
using ChatBackend.Search;

namespace ChatBackend.Storage;

/// <summary>
/// What the store knows of threads beside their logs: lists and their changes, search, what is read, archived, erased and trimmed. The other half of <see cref="IEventLog"/>,
/// of the same store and held to the same contract test. Every member throws <see cref="LogUnavailableException"/> as that does.
/// </summary>
internal interface IThreadStore
{
    /// <summary>Null when there is no such thread, or it is not the user's.</summary>
    Task<ThreadRecord?> FindAsync(UserId owner, ThreadId thread, CancellationToken cancellationToken);

    /// <summary>
    /// A page of the user's threads, newest activity first. All pages show the list as it was at the first: each thread that was there
    /// comes once, also when it changes meanwhile. What is told of a thread is its present state.
    /// </summary>
    Task<ThreadPage> ListAsync(UserId owner, bool isArchived, ThreadListPosition? after, int max, CancellationToken cancellationToken);

    /// <summary>
    /// A page of the texts of the user's own threads that hold all words of <paramref name="query"/>: of the newest the best first, then of those before.
    /// What was deleted, replaced or taken back is never among them. What was just committed may be missing for a moment.
    /// </summary>
    /// <param name="isArchived">Null searches archived threads and others.</param>
    /// <param name="after">The <see cref="FoundPage.Next"/> of the page before.</param>
    Task<FoundPage> SearchAsync(UserId owner, string query, bool? isArchived, SearchPosition? after, int max, CancellationToken cancellationToken);

    /// <summary>A piece of a tool's whole result (<see cref="WholeResult"/>); null when there is none (any more). Whose the thread is, is for the caller to know.</summary>
    Task<ResultPiece?> ReadResultAsync(ThreadId thread, CallId call, int piece, CancellationToken cancellationToken);

    /// <summary>After a commit that changed what a user's list says, or may have. Called on the store's own thread: neither waits nor throws.</summary>
    event Action<UserId>? ListChanged;

    /// <summary>The numbers that changes of the user's list had: each is greater than all before it, also after a restart.</summary>
    Task<ListRange> ListRangeAsync(UserId owner, CancellationToken cancellationToken);

    /// <summary>What changed in the user's list after a change, in order, each thread as it is now; one whose head alone moved is among them, too.</summary>
    Task<ListChanges> ListChangesAsync(UserId owner, long after, int max, CancellationToken cancellationToken);

    /// <summary>The user has read the thread up to an event; null for all that is there. What was read before stays read.</summary>
    /// <returns>Up to where it is read now; null when there is no such thread, or it is not the user's.</returns>
    Task<long?> MarkReadAsync(UserId owner, ThreadId thread, long? seq, CancellationToken cancellationToken);

    /// <returns>False when there is no such thread, or it is not the user's.</returns>
    Task<bool> ArchiveAsync(UserId owner, ThreadId thread, bool isArchived, CancellationToken cancellationToken);

    /// <summary>Takes the thread away, durably: it can no longer be found or written. What it held is for <see cref="EraseAsync"/>.</summary>
    /// <returns>False when the epoch is stale: the thread has another writer, or is gone already.</returns>
    Task<bool> DeleteAsync(ThreadId thread, long epoch, CancellationToken cancellationToken);

    /// <summary>Erases a little of what deleted threads held, so that no writer waits for long. Again until it says that nothing is left in the store's files.</summary>
    /// <returns>Whether nothing is left.</returns>
    Task<bool> EraseAsync(CancellationToken cancellationToken);

    /// <summary>Threads created before a time, in a fixed order, after <paramref name="afterKey"/>.</summary>
    Task<IReadOnlyList<ThreadHistory>> CreatedBeforeAsync(DateTimeOffset time, long afterKey, int max, CancellationToken cancellationToken);

    /// <summary>Lets a thread's history begin at <paramref name="historyBegins"/> and erases a little of what is before. Again until it says that nothing is left there.</summary>
    /// <returns>Whether nothing is left.</returns>
    Task<bool> TrimAsync(ThreadId thread, long historyBegins, CancellationToken cancellationToken);
}

/// <param name="UpdatedAt">When its last event happened.</param>
/// <param name="IsOpen">A run or a message that waits for one.</param>
/// <param name="NeedsApproval">A call waits for the user's decision.</param>
/// <param name="IsUnread">An answer, or a call that waited for a decision, came after what the user has read.</param>
/// <param name="Agent">The agent of its last message; null before the first.</param>
internal sealed record ThreadRecord(
    ThreadId Thread, string? Title, bool IsArchived, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, long Head, bool IsOpen, long HistoryBegins,
    bool NeedsApproval = false, bool IsUnread = false, string? Agent = null);

/// <param name="KnownFrom">Changes after this one are all known; of those before it, deletions may be forgotten.</param>
/// <param name="Newest">The last change.</param>
internal readonly record struct ListRange(long KnownFrom, long Newest);

/// <param name="Changes">By their numbers, each thread once.</param>
/// <param name="HasMore">There may be more after the last of them.</param>
internal sealed record ListChanges(IReadOnlyList<ListedChange> Changes, bool HasMore);

/// <summary>A thread that changed in its user's list.</summary>
/// <param name="Number">Its last change.</param>
/// <param name="Record">Null when it was deleted.</param>
internal readonly record struct ListedChange(long Number, ThreadId Thread, ThreadRecord? Record);

/// <summary>Where in a list a page ended.</summary>
/// <param name="AsOf">The newest activity at the time of the first page, by <see cref="ActivityClock"/>.</param>
/// <param name="ActiveAt">The activity of the page's last thread, as of that time.</param>
/// <param name="Key">That thread's key.</param>
internal readonly record struct ThreadListPosition(long AsOf, long ActiveAt, long Key);

/// <param name="Next">Null when this was the last page.</param>
internal sealed record ThreadPage(IReadOnlyList<ThreadRecord> Threads, ThreadListPosition? Next);

/// <param name="Excerpt">What stands around the words.</param>
internal sealed record FoundText(ThreadId Thread, string? Title, long Seq, DateTimeOffset At, Excerpt Excerpt);

/// <summary>Where in a search a page ended: texts are ranked within a window of the log, newest window first.</summary>
/// <param name="Top">The newest event of the window.</param>
/// <param name="Bottom">The oldest event of the window; 0 when the window is still to be found.</param>
/// <param name="Score">The score of the page's last text.</param>
/// <param name="Event">That text's event.</param>
internal readonly record struct SearchPosition(long Top, long Bottom, long Score, long Event);

/// <param name="Hits">May be empty though there is a further page.</param>
/// <param name="Next">Null when this was the last page.</param>
internal sealed record FoundPage(IReadOnlyList<FoundText> Hits, SearchPosition? Next);

/// <param name="Begins">The <c>seq</c> of the first event that is there for readers.</param>
/// <param name="IsUntrimmed">There still are events before that one.</param>
internal readonly record struct ThreadHistory(long Key, ThreadId Thread, UserId Owner, long Begins, long Head, bool IsUntrimmed);
