using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Reads over the threads of a user, and over all for their maintenance.</summary>
internal static class SqliteThreadList
{
    private const string Columns = "id, title, archived, created_at, updated_at, head, open_from IS NOT NULL, history_begins, key";

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
        row.GetBoolean(6), row.GetInt64(7));

    private static (ThreadRecord Thread, long Key, long ActiveAt) ReadPlace(SqliteDataReader row) => (Read(row), row.GetInt64(8), row.GetInt64(9));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
