using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Search;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What the search index is made of, read from the log.</summary>
internal static class SqliteSearchQueries
{
    /// <summary>Stands before the owner of a deleted thread until its rows are erased: an id that no user has, and the index still knows whose its words are.</summary>
    public const string DeletedOwner = "deleted ";

    private const int MaxRows = 10_000;
    private const int MaxCharacters = 1 << 18;

    private const string After = """
        SELECT events.rowid, events.json, threads.owner FROM events CROSS JOIN threads ON threads.key = events.thread_key
        WHERE events.rowid > ?1 AND threads.deleted = 0 AND events.seq >= threads.history_begins ORDER BY events.rowid LIMIT ?2
        """;

    private const string Oldest = """
        SELECT events.rowid, events.json, threads.owner FROM threads CROSS JOIN events ON events.thread_key = threads.key
        WHERE threads.key = ?1 AND events.seq < ?2 ORDER BY events.seq LIMIT ?3
        """;

    extension(SqliteReadConnection log)
    {
        /// <summary>The texts beyond a cursor, a bounded number of them, as of one moment.</summary>
        public SearchBatch TextsAfter(SearchCursor cursor)
        {
            log.Execute("BEGIN");
            var batch = log.TextsAfterInOneSnapshot(cursor);
            log.Execute("COMMIT");
            return batch;
        }

        /// <summary>The texts of what a deleted thread loses next.</summary>
        public IReadOnlyList<SearchableText> TextsToErase(int maxRows) =>
            log.First("SELECT key FROM threads WHERE deleted <> 0 LIMIT 1", row => (long?)row.GetInt64(0)) is { } key
                ? log.Texts(key, long.MaxValue, maxRows)
                : [];

        /// <summary>The texts of what a thread loses next when its history begins later.</summary>
        public IReadOnlyList<SearchableText> TextsToTrim(ThreadId thread, long historyBegins, int maxRows) =>
            log.First("SELECT key, history_begins FROM threads WHERE id = ?1", row => ((long Key, long Begins)?)(row.GetInt64(0), row.GetInt64(1)), thread.Value) is { } found
                ? log.Texts(found.Key, Math.Max(found.Begins, historyBegins), maxRows)
                : [];

        private SearchBatch TextsAfterInOneSnapshot(SearchCursor cursor)
        {
            var last = log.First("SELECT ifnull(max(rowid), 0) FROM events", row => row.GetInt64(0));
            var (reuse, from) = log.First(
                "SELECT ifnull(max(key), ?1), ifnull(min(after_row), ?2) FROM reused_rows WHERE key > ?1",
                row => (row.GetInt64(0), row.GetInt64(1)),
                cursor.Reuse, cursor.Row);
            var position = Math.Min(from, cursor.Row);
            if (position > last)
            {
                return new SearchBatch([], null, IsLast: true, last, 0);
            }

            var (texts, characters, count, unreadable) = (new List<SearchableText>(), 0, 0, 0);
            using var rows = log.Query(After, position, MaxRows);
            while (characters < MaxCharacters && rows.Read())
            {
                count++;
                position = rows.GetInt64(0);
                if (TryReadText(rows, ref unreadable) is { Length: > 0 } text)
                {
                    texts.Add(new SearchableText(position, new UserId(rows.GetString(2)), text));
                    characters += text.Length;
                }
            }

            var isLast = count < MaxRows && characters < MaxCharacters;
            return new SearchBatch(texts, new SearchCursor(isLast ? last : position, reuse), isLast, last, unreadable);
        }

        private List<SearchableText> Texts(long threadKey, long beforeSeq, int maxRows)
        {
            var (texts, unreadable) = (new List<SearchableText>(), 0);
            using var rows = log.Query(Oldest, threadKey, beforeSeq, maxRows);
            while (rows.Read())
            {
                if (TryReadText(rows, ref unreadable) is { Length: > 0 } text)
                {
                    var owner = rows.GetString(2);
                    texts.Add(new SearchableText(
                        rows.GetInt64(0), new UserId(owner.StartsWith(DeletedOwner, StringComparison.Ordinal) ? owner[DeletedOwner.Length..] : owner), text));
                }
            }

            return texts;
        }
    }

    private static string? TryReadText(SqliteDataReader row, ref int unreadable)
    {
        try
        {
            return EventText.Of(row.Event(1));
        }
        catch (JsonException)
        {
            // An event that cannot be read costs itself: it is not found. The caller counts it.
            unreadable++;
            return null;
        }
    }
}
