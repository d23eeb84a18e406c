using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The statements that erase what is deleted, trimmed or past its time, on the writer's connection. Each takes a bounded number of rows.</summary>
internal sealed class SqliteMaintenance(SqliteConnection connection) : IDisposable
{
    // About as long as a commit on a slow disk.
    public const int MaxRows = 200;

    // Of 64 KiB each.
    private const int MaxResults = 16;

    private readonly SqliteStatement _findDeleted = new(connection, "SELECT key FROM threads WHERE deleted <> 0 LIMIT 1");

    private readonly SqliteStatement _dropThread = new(connection, "DELETE FROM threads WHERE key = ?1");

    private readonly SqliteStatement _beginHistory = new(connection, """
        UPDATE threads SET history_begins = max(history_begins, ?2) WHERE id = ?1 RETURNING key, history_begins
        """);

    private readonly SqliteStatement _eraseIds = new(connection, """
        DELETE FROM event_ids WHERE thread_key = ?1 AND id IN (SELECT id FROM event_ids WHERE thread_key = ?1 AND seq < ?2 LIMIT ?3)
        """);

    private readonly SqliteStatement _eraseRecords = new(connection, """
        DELETE FROM step_records WHERE thread_key = ?1 AND seq IN (SELECT seq FROM step_records WHERE thread_key = ?1 AND seq < ?2 LIMIT ?3)
        """);

    private readonly SqliteStatement _eraseEvents = new(connection, """
        DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE thread_key = ?1 AND seq < ?2 ORDER BY seq LIMIT ?3)
        """);

    private readonly SqliteStatement _eraseResults = new(connection, """
        DELETE FROM tool_results WHERE rowid IN (SELECT rowid FROM tool_results WHERE thread_key = ?1 AND seq < ?2 LIMIT ?3)
        """);

    // Rows are in order of time.
    private readonly SqliteStatement _forgetCommands = new(connection, """
        DELETE FROM commands WHERE rowid IN (SELECT rowid FROM commands ORDER BY rowid LIMIT ?2) AND at < ?1
        """);

    // What was replaced there goes with it; the places themselves tell nothing.
    private readonly SqliteStatement _eraseReplaced = new(connection, "DELETE FROM replaced WHERE thread_key = ?1 AND before_seq <= ?2");

    private readonly SqliteStatement _lastRow = new(connection, "SELECT ifnull(max(rowid), 0) FROM events");

    private readonly SqliteStatement _rowsReused = new(connection, "INSERT INTO reused_rows (after_row) VALUES (?1)");

    /// <returns>Whether no row of a deleted thread is left, nor a command that is past its time; and whether anything was erased.</returns>
    public (bool IsLast, bool HasErased) Erase(DateTimeOffset commandsBefore)
    {
        long key;
        using (var row = _findDeleted.Query())
        {
            if (!row.Read())
            {
                var forgotten = _forgetCommands.Execute(commandsBefore.ToUnixTimeMilliseconds(), MaxRows);
                return (forgotten < MaxRows, forgotten > 0);
            }

            key = row.Number(0);
        }

        if (EraseBefore(key, long.MaxValue))
        {
            _dropThread.Execute(key); // saved text goes with it
        }

        return (false, true);
    }

    /// <returns>Whether no row of what is trimmed is left.</returns>
    public bool Trim(PendingTrim trim)
    {
        long key, begins;
        using (var row = _beginHistory.Query(trim.Thread.Value, trim.HistoryBegins))
        {
            if (!row.Read())
            {
                return true;
            }

            (key, begins) = (row.Number(0), row.Number(1));
        }

        return EraseBefore(key, begins);
    }

    public void Dispose()
    {
        ReadOnlySpan<SqliteStatement> all =
        [
            _findDeleted, _dropThread, _beginHistory, _eraseReplaced, _eraseIds, _eraseResults, _eraseRecords, _eraseEvents, _lastRow, _rowsReused, _forgetCommands,
        ];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }

    // Events last: as long as there is one, there may be more of its kind to erase.
    private bool EraseBefore(long key, long seq)
    {
        _eraseReplaced.Execute(key, seq);
        if (_eraseIds.Execute(key, seq, MaxRows) == MaxRows
            || _eraseRecords.Execute(key, seq, MaxRows) == MaxRows
            || _eraseResults.Execute(key, seq, MaxResults) == MaxResults)
        {
            return false;
        }

        var last = LastRow();
        var isDone = _eraseEvents.Execute(key, seq, MaxRows) < MaxRows;
        if (LastRow() is var now && now < last)
        {
            _rowsReused.Execute(now);
        }

        return isDone;
    }

    private long LastRow()
    {
        using var row = _lastRow.Query();
        row.Read(); // there always is one
        return row.Number(0);
    }
}
