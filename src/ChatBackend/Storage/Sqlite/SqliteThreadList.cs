using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Reads over the threads of a user, and over all for their maintenance.</summary>
internal static class SqliteThreadList
{
    private const string Columns = """
        id, title, archived, created_at, updated_at, head, open_from IS NOT NULL, history_begins, key, needs_approval, answer_seq > read_seq, agent
        """;

    // One statement, and so one state of the log: of two, the later would skip what came between them. Each source is an index, read from the cursor on.
    private const string Changes = $"""
        SELECT {Columns}, number FROM (
            SELECT * FROM (SELECT key AS changed, active_at AS number FROM threads WHERE owner = ?1 AND archived = 0 AND active_at > ?2 ORDER BY active_at LIMIT ?3)
            UNION ALL
            SELECT * FROM (SELECT key, active_at FROM threads WHERE owner = ?1 AND archived = 1 AND active_at > ?2 ORDER BY active_at LIMIT ?3)
            UNION ALL
            SELECT * FROM (SELECT key, noted_at FROM threads WHERE owner = ?1 AND noted_at > ?2 ORDER BY noted_at LIMIT ?3))
        JOIN threads ON key = changed
        UNION ALL
        SELECT * FROM (
            SELECT id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, number
            FROM deleted_threads WHERE owner = ?1 AND number > ?2 ORDER BY number LIMIT ?3)
        ORDER BY number LIMIT ?3
        """;

    private const string Range = """
        SELECT changes_known_from, max(
            changes_known_from,
            ifnull((SELECT max(active_at) FROM threads WHERE owner = ?1 AND archived = 0), 0),
            ifnull((SELECT max(active_at) FROM threads WHERE owner = ?1 AND archived = 1), 0),
            ifnull((SELECT max(noted_at) FROM threads WHERE owner = ?1 AND noted_at IS NOT NULL), 0),
            ifnull((SELECT max(number) FROM deleted_threads WHERE owner = ?1), 0))
        FROM store
        """;

    // Of one that cannot be read it is not known.
    private const string EventActivity = """
        ifnull(events.active_at, CASE WHEN json_valid(CAST(json AS TEXT))
            THEN CAST(round(unixepoch(json_extract(CAST(json AS TEXT), '$.at'), 'subsec') * 1000) AS INTEGER) END)
        """;

    // The first page says what the list is.
    private const string FirstPage = $"""
        SELECT {Columns}, active_at FROM threads WHERE owner = ?1 AND archived = ?2
        ORDER BY active_at DESC, key DESC LIMIT ?3
        """;

    // A thread in which something happened since has left its place in the index; its events tell where it stood. There are few of
    // those, and of each only the events since are looked at.
    private const string NextPage = $"""
        SELECT * FROM (
            SELECT {Columns}, active_at FROM threads
            WHERE owner = ?1 AND archived = ?2 AND (active_at, key) < (?4, ?5)
            ORDER BY active_at DESC, key DESC LIMIT ?3)
        UNION ALL
        SELECT * FROM (
            SELECT {Columns}, ifnull((
                SELECT {EventActivity} FROM events WHERE thread_key = threads.key AND {EventActivity} <= ?6 ORDER BY seq DESC LIMIT 1), began_at) AS stood_at
            FROM threads WHERE owner = ?1 AND archived = ?2 AND active_at > ?6 AND began_at <= ?6)
        WHERE (stood_at, key) < (?4, ?5)
        ORDER BY active_at DESC, key DESC LIMIT ?3
        """;

    private const string OfOwner = $"SELECT {Columns} FROM threads WHERE id = ?1 AND owner = ?2";

    extension(SqliteReadConnection log)
    {
        public ThreadRecord? Thread(UserId owner, ThreadId thread) => log.First(OfOwner, Read, thread.Value, owner.Value);

        public ThreadPage Threads(UserId owner, bool isArchived, ThreadListPosition? after, int max)
        {
            var (asOf, at, key) = after ?? default;
            var rows = after is null
                ? log.List(FirstPage, ReadPlace, owner.Value, isArchived, max + 1)
                : log.List(NextPage, ReadPlace, owner.Value, isArchived, max + 1, at, key, asOf);
            ThreadListPosition? next = rows.Count > max
                ? new ThreadListPosition(after is null ? rows[0].ActiveAt : asOf, rows[max - 1].ActiveAt, rows[max - 1].Key)
                : null;
            return new ThreadPage([.. rows.Take(max).Select(row => row.Thread)], next);
        }

        public ListRange ListRange(UserId owner) => log.First(Range, row => new ListRange(row.GetInt64(0), row.GetInt64(1)), owner.Value);

        /// <summary>A thread that changed in more than one way is there once, with the last of its changes.</summary>
        public ListChanges ListChanges(UserId owner, long after, int max)
        {
            var all = log.List(
                Changes, row => new ListedChange(row.GetInt64(12), new ThreadId(row.GetString(0)), row.IsDBNull(8) ? null : Read(row)), owner.Value, after, max);
            return new ListChanges([.. all.Where((change, i) => !all.Skip(i + 1).Any(later => later.Thread == change.Thread))], HasMore: all.Count == max);
        }

        public IReadOnlyList<ThreadHistory> CreatedBefore(DateTimeOffset time, long afterKey, int max) => log.List(
            """
            SELECT key, id, owner, history_begins, head, EXISTS (SELECT 1 FROM events WHERE thread_key = threads.key AND seq < history_begins)
            FROM threads WHERE key > ?1 AND created_at < ?2 AND deleted = 0 ORDER BY key LIMIT ?3
            """,
            row => new ThreadHistory(row.GetInt64(0), new ThreadId(row.GetString(1)), new UserId(row.GetString(2)), row.GetInt64(3), row.GetInt64(4), row.GetBoolean(5)),
            afterKey, time.ToUnixTimeMilliseconds(), max);
    }

    private static ThreadRecord Read(SqliteDataReader row) => new(
        new ThreadId(row.GetString(0)), row.IsDBNull(1) ? null : row.GetString(1), row.GetBoolean(2), Time(row.GetInt64(3)), Time(row.GetInt64(4)), row.GetInt64(5),
        row.GetBoolean(6), row.GetInt64(7), row.GetBoolean(9), row.GetBoolean(10), row.IsDBNull(11) ? null : row.GetString(11));

    private static (ThreadRecord Thread, long Key, long ActiveAt) ReadPlace(SqliteDataReader row) => (Read(row), row.GetInt64(8), row.GetInt64(12));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
