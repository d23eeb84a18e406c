using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The statements that change what a user's list says from outside the logs, on the writer's connection: archived, read, deleted.</summary>
internal sealed class SqliteListMarks(SqliteConnection connection, ActivityClock activity) : IDisposable
{
    private readonly SqliteStatement _archive = new(connection, "UPDATE threads SET archived = ?3, noted_at = iif(archived = ?3, noted_at, ?4) WHERE id = ?1 AND owner = ?2");

    private readonly SqliteStatement _findRead = new(connection, "SELECT key, head, answer_seq, read_seq FROM threads WHERE id = ?1 AND owner = ?2");

    private readonly SqliteStatement _read = new(connection, "UPDATE threads SET read_seq = ?2 WHERE key = ?1");

    private readonly SqliteStatement _note = new(connection, "UPDATE threads SET noted_at = ?2 WHERE key = ?1");

    private readonly SqliteStatement _findOwner = new(connection, "SELECT owner FROM threads WHERE id = ?1 AND epoch = ?2");

    // The row stays until all that refers to it is erased, under an id that was never told and an owner that is not a user.
    private readonly SqliteStatement _delete = new(connection, $"""
        UPDATE threads SET id = 'deleted_' || lower(hex(randomblob(16))), owner = '{SqliteSearchQueries.DeletedOwner}' || owner, title = NULL, open_from = NULL, epoch = epoch + 1, deleted = 1,
            noted_at = NULL
        WHERE id = ?1 AND epoch = ?2
        """);

    private readonly SqliteStatement _addDeleted = new(connection, "INSERT INTO deleted_threads (number, owner, id) VALUES (?1, ?2, ?3)");

    private readonly SqliteStatement _lastOld = new(connection, """
        SELECT ifnull(max(number), 0), count(*) FROM (SELECT number FROM deleted_threads WHERE number < ?1 ORDER BY number LIMIT ?2)
        """);

    private readonly SqliteStatement _forget = new(connection, "DELETE FROM deleted_threads WHERE number <= ?1");

    private readonly SqliteStatement _knownFrom = new(connection, "UPDATE store SET changes_known_from = max(changes_known_from, ?1)");

    /// <summary>The clock of a log goes on after all numbers that its lists ever had.</summary>
    public static ActivityClock ClockOf(SqliteConnection connection) => new(connection.Scalar("""
        SELECT max(
            (SELECT ifnull(max(max(active_at, ifnull(noted_at, 0))), 0) FROM threads),
            (SELECT ifnull(max(number), 0) FROM deleted_threads),
            (SELECT changes_known_from FROM store))
        """));

    public bool Archive(PendingArchive archive) =>
        _archive.Execute(archive.Thread.Value, archive.Owner.Value, archive.IsArchived, Number(archive.At)) > 0;

    /// <inheritdoc cref="IThreadStore.MarkReadAsync"/>
    public long? MarkRead(PendingRead read)
    {
        long key, head, answer, before;
        using (var row = _findRead.Query(read.Thread.Value, read.Owner.Value))
        {
            if (!row.Read())
            {
                return null;
            }

            (key, head, answer, before) = (row.Number(0), row.Number(1), row.Number(2), row.Number(3));
        }

        // Never beyond the head: what comes there later was not read.
        var now = Math.Max(before, Math.Min(read.Seq ?? head, head));
        if (now > before)
        {
            _read.Execute(key, now);
            if (answer > before && answer <= now)
            {
                _note.Execute(key, Number(read.At));
            }
        }

        return now;
    }

    public bool Delete(PendingDelete delete)
    {
        string owner;
        using (var row = _findOwner.Query(delete.Thread.Value, delete.Epoch))
        {
            if (!row.Read())
            {
                return false;
            }

            owner = row.Text(0);
        }

        _delete.Execute(delete.Thread.Value, delete.Epoch);
        _addDeleted.Execute(Number(delete.At), owner, delete.Thread.Value);
        delete.Owner = new UserId(owner);
        return true;
    }

    /// <summary>Forgets the oldest of what was deleted before a time. A cursor from before the last of it cannot be gone on from any more.</summary>
    /// <returns>How many.</returns>
    public int Forget(DateTimeOffset before, int max)
    {
        long last;
        using (var row = _lastOld.Query(before.ToUnixTimeMilliseconds(), max))
        {
            row.Read(); // there always is one
            last = row.Number(0);
            if (row.Number(1) == 0)
            {
                return 0;
            }
        }

        _knownFrom.Execute(last);
        return _forget.Execute(last);
    }

    public void Dispose()
    {
        ReadOnlySpan<SqliteStatement> all = [_archive, _findRead, _read, _note, _findOwner, _delete, _addDeleted, _lastOld, _forget, _knownFrom];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }

    private long Number(DateTimeOffset at) => activity.Next(at.ToUnixTimeMilliseconds());
}
