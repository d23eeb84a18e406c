using System.Data.Common;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Reads over the threads of a user, and over all for their upkeep.</summary>
internal static class SqliteThreadList
{
    private const string Columns = "id, title, archived, created_at, updated_at, head, open_from IS NOT NULL, history_begins, key";

    // The first page says what the list is.
    private const string FirstPage = $"""
        SELECT {Columns}, updated_at FROM threads WHERE owner = @user AND archived = @archived
        ORDER BY updated_at DESC, key DESC LIMIT @max
        """;

    // A thread in which something happened since has left its place in the index; its events tell where it stood. There are few of
    // those, and of each only the events since are looked at. Times of one form compare as text.
    private const string NextPage = $"""
        SELECT * FROM (
            SELECT {Columns}, updated_at AS active_at FROM threads
            WHERE owner = @user AND archived = @archived AND (updated_at, key) < (@at, @key)
            ORDER BY updated_at DESC, key DESC LIMIT @max)
        UNION ALL
        SELECT * FROM (
            SELECT {Columns}, ifnull((
                SELECT CAST(round(unixepoch(json_extract(CAST(json AS TEXT), '$.at'), 'subsec') * 1000) AS INTEGER) FROM events
                WHERE thread_key = threads.key AND json_extract(CAST(json AS TEXT), '$.at') <= @asOfText
                ORDER BY seq DESC LIMIT 1), created_at) AS active_at
            FROM threads WHERE owner = @user AND archived = @archived AND updated_at > @asOf AND created_at <= @asOf)
        WHERE (active_at, key) < (@at, @key)
        ORDER BY active_at DESC, key DESC LIMIT @max
        """;

    extension(SqliteConnection log)
    {
        public async Task<ThreadRecord?> ThreadAsync(UserId owner, ThreadId thread, CancellationToken cancellationToken) =>
            await log.QueryAsync(
                $"SELECT {Columns} FROM threads WHERE id = @thread AND owner = @user", Read, cancellationToken,
                ("@thread", thread.Value), ("@user", owner.Value)).FirstOrDefaultAsync(cancellationToken);

        public async Task<ThreadPage> ThreadsAsync(
            UserId owner, bool isArchived, ThreadListPosition? after, int max, CancellationToken cancellationToken)
        {
            var (asOf, at, key) = after ?? default;
            var rows = await log.QueryAsync(
                after is null ? FirstPage : NextPage,
                row => (Thread: Read(row), Key: row.GetInt64(8), ActiveAt: row.GetInt64(9)),
                cancellationToken,
                ("@user", owner.Value), ("@archived", isArchived), ("@at", at), ("@key", key), ("@asOf", asOf), ("@asOfText", WireTime(asOf)),
                ("@max", max + 1)).ToListAsync(cancellationToken);
            ThreadListPosition? next = rows.Count > max
                ? new ThreadListPosition(after is null ? rows[0].ActiveAt : asOf, rows[max - 1].ActiveAt, rows[max - 1].Key)
                : null;
            return new ThreadPage([.. rows.Take(max).Select(row => row.Thread)], next);
        }

        public async Task<IReadOnlyList<ThreadHistory>> CreatedBeforeAsync(DateTimeOffset time, long afterKey, int max, CancellationToken cancellationToken) =>
            await log.QueryAsync(
                """
                SELECT key, id, owner, history_begins, head, EXISTS (SELECT 1 FROM events WHERE thread_key = threads.key AND seq < history_begins)
                FROM threads WHERE key > @key AND created_at < @time AND deleted = 0 ORDER BY key LIMIT @max
                """,
                row => new ThreadHistory(
                    row.GetInt64(0), new ThreadId(row.GetString(1)), new UserId(row.GetString(2)), row.GetInt64(3), row.GetInt64(4), row.GetBoolean(5)),
                cancellationToken,
                ("@key", afterKey), ("@time", time.ToUnixTimeMilliseconds()), ("@max", max)).ToListAsync(cancellationToken);
    }

    private static ThreadRecord Read(DbDataReader row) => new(
        new ThreadId(row.GetString(0)), row.IsDBNull(1) ? null : row.GetString(1), row.GetBoolean(2), Time(row.GetInt64(3)), Time(row.GetInt64(4)),
        row.GetInt64(5), row.GetBoolean(6), row.GetInt64(7));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static string WireTime(long milliseconds) =>
        Time(milliseconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
