using ChatBackend.Protocol;

namespace ChatBackend.Storage.Sqlite;

/// <summary>How far the search index has come in the log, in the order of the commits.</summary>
/// <param name="Row">The rowid of the last event that was looked at.</param>
/// <param name="Reuse">The last row of <c>reused_rows</c> that was heeded.</param>
internal readonly record struct SearchCursor(long Row, long Reuse);

/// <param name="Row">The event's rowid, by which the index names it.</param>
internal readonly record struct SearchableText(long Row, UserId Owner, string Text);

/// <summary>What the log has beyond a cursor.</summary>
/// <param name="Next">Null when the log does not reach to the cursor: it is not the log that was indexed.</param>
/// <param name="IsLast">Nothing is left beyond <paramref name="Next"/>.</param>
/// <param name="LastRow">The rowid of the newest event.</param>
/// <param name="Unreadable">How many events could not be read.</param>
internal sealed record SearchBatch(IReadOnlyList<SearchableText> Texts, SearchCursor? Next, bool IsLast, long LastRow, int Unreadable);
