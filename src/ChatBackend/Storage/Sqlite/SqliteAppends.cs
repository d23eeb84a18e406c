using System.IO.Hashing;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The statements of the append path on one connection.</summary>
internal sealed class SqliteAppends(SqliteConnection connection, ActivityClock activity) : IDisposable
{
    private const int MaxKeys = 4096;

    private const string Advanced = """
        UPDATE threads SET head = ?4, open_from = ?5, updated_at = iif(?4 > head, ?6, updated_at), title = coalesce(?7, title),
            archived = iif(?8, 0, archived), title_from = ?9, active_at = iif(?4 > head, ?10, active_at)
        """;

    // The key finds the row without its index. Keys come again, so that the id must be right, too.
    private const string Fence = "WHERE key = ?1 AND epoch = ?2 AND head = ?3 AND id = ?11";

    // Immediate: a lock that another process holds shows before anything is done.
    private readonly SqliteStatement _begin = new(connection, "BEGIN IMMEDIATE");

    private readonly SqliteStatement _commit = new(connection, "COMMIT");

    private readonly SqliteStatement _findCommand = new(connection, "SELECT digest, ack FROM commands WHERE user_id = ?1 AND id = ?2");

    private readonly SqliteStatement _createThread = new(connection, """
        INSERT INTO threads (id, owner, epoch, head, open_from, created_at, updated_at, title, archived, history_begins, deleted, title_from, active_at, began_at,
            needs_approval, agent, answer_seq, read_seq)
        VALUES (?1, ?2, 1, ?3, ?4, ?5, ?5, ?6, 0, 1, 0, ?7, ?8, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (id) DO NOTHING
        """);

    // The fence: it finds the thread only for the writer that owns it, and only where that one believes the log to end.
    // Saved text and the like are not activity, and would move the thread in its index once a second.
    private readonly SqliteStatement _advanceThread = new(connection, $"{Advanced} {Fence}");

    // Only where the list says something different: most appends of a long run do not.
    private readonly SqliteStatement _advanceListed = new(connection, $"""
        {Advanced}, needs_approval = ?12, agent = coalesce(?13, agent), answer_seq = max(answer_seq, ?14), read_seq = max(read_seq, ?15) {Fence}
        """);

    // Not RETURNING in the two above: for that SQLite makes and drops a table in memory each time.
    private readonly SqliteStatement _findKey = new(connection, "SELECT key FROM threads WHERE id = ?1");

    private readonly SqliteStatement _openThread = new(connection, """
        UPDATE threads SET epoch = epoch + 1 WHERE id = ?1 RETURNING owner, epoch, head, open_from, title, history_begins, title_from
        """);

    private readonly SqliteStatement _addEvent = new(connection, "INSERT INTO events (thread_key, seq, json, checksum, active_at) VALUES (?1, ?2, ?3, ?4, ?5)");

    private readonly SqliteStatement _addId = new(connection, "INSERT INTO event_ids (thread_key, id, seq) VALUES (?1, ?2, ?3)");

    private readonly SqliteStatement _addRecord = new(connection, "INSERT INTO step_records (thread_key, seq, json, checksum) VALUES (?1, ?2, ?3, ?4)");

    private readonly SqliteStatement _addCommand = new(connection, """
        INSERT INTO commands (user_id, id, digest, ack, at) VALUES (?1, ?2, ?3, ?4, unixepoch() * 1000) ON CONFLICT DO NOTHING
        """);

    private readonly SqliteStatement _dropCommand = new(connection, "DELETE FROM commands WHERE user_id = ?1 AND id = ?2");

    private readonly SqliteStatement _addCheckpoint = new(connection, """
        INSERT INTO part_checkpoints (thread_key, run_id, part_id, kind, offset, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """);

    private readonly SqliteStatement _dropCheckpoints = new(connection, "DELETE FROM part_checkpoints WHERE thread_key = ?1");

    private readonly SqliteStatement _addReplaced = new(connection, """
        INSERT OR IGNORE INTO replaced (thread_key, after_seq, before_seq) VALUES (?1, ?2, ?3)
        """);

    private readonly SqliteStatement _forgetReplaced = new(connection, "DELETE FROM replaced WHERE thread_key = ?1");

    private readonly SqliteStatement _addTakenBack = new(connection, """
        INSERT OR IGNORE INTO replaced (thread_key, after_seq, before_seq)
        SELECT thread_key, seq - 1, seq + 1 FROM event_ids WHERE thread_key = ?1 AND id = ?2
        """);

    private readonly SqliteStatement _addResult = new(connection, "INSERT INTO tool_results (thread_key, call_id, piece, seq, total, bytes, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    // A thread keeps its key for as long as it is there, and no id comes again; only what was not committed may.
    private readonly Dictionary<ThreadId, long> _keys = [];

    public void Begin() => _begin.Execute();

    public void Commit() => _commit.Execute();

    /// <summary>Nothing of the transaction is left.</summary>
    public void RolledBack() => _keys.Clear();

    public ThreadHeader? Open(ThreadId thread)
    {
        using var row = _openThread.Query(thread.Value);
        return row.Read()
            ? new ThreadHeader(
                thread, new UserId(row.Text(0)), row.Number(1), row.Number(2), row.IsNull(3) ? null : row.Number(3),
                row.IsNull(4) ? null : row.Text(4), row.Number(5), row.IsNull(6) ? null : row.Number(6))
            : null;
    }

    public AppendResult Append(LogAppend append)
    {
        // Before the fence: the retry of a chat without a thread comes with a thread id that was made up for it.
        if (append.Command is { } command && _addCommand.Execute(command.User.Value, command.Id.Value, command.Digest, command.Ack) == 0)
        {
            return new AppendResult.CommandKnown(Find(command));
        }

        var at = append.At.ToUnixTimeMilliseconds();
        var activeAt = append.Events.Count > 0 || append.NewOwner is not null ? activity.Next(at) : at;
        if (Advance(append, at, activeAt) is not { } key)
        {
            if (append.Command is { } refused)
            {
                _dropCommand.Execute(refused.User.Value, refused.Id.Value);
            }

            return AppendResult.Fenced.Instance;
        }

        AddEvents(key, append, at, activeAt);
        if (append.Result is { } result)
        {
            for (var i = 0; i < result.Pieces.Count; i++)
            {
                _addResult.Execute(key, result.Call.Value, i, append.Head + 1, result.Bytes, result.Pieces[i], Checksum(result.Pieces[i]));
            }
        }

        if (append.DropCheckpoints)
        {
            _dropCheckpoints.Execute(key);
        }

        if (append.Checkpoint is { } piece)
        {
            _addCheckpoint.Execute(key, piece.Run.Value, piece.Part.Value, piece.Kind.ToString(), piece.Offset, piece.Text);
        }

        return AppendResult.Appended.Instance;
    }

    public void Dispose()
    {
        ReadOnlySpan<SqliteStatement> all =
        [
            _begin, _commit, _findCommand, _createThread, _advanceThread, _advanceListed, _findKey, _openThread, _addEvent, _addId, _addRecord, _addCommand, _dropCommand, _addCheckpoint,
            _dropCheckpoints, _addReplaced, _forgetReplaced, _addTakenBack, _addResult,
        ];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }

    private static long Checksum(ReadOnlyMemory<byte> stored) => Crc32.HashToUInt32(stored.Span);

    private CommandRecord Find(CommandRecord known)
    {
        using var row = _findCommand.Query(known.User.Value, known.Id.Value);
        row.Read();
        return known with { Digest = row.Bytes(0), Ack = row.Bytes(1) };
    }

    /// <returns>The thread's key; null for a writer that is out of date.</returns>
    private long? Advance(LogAppend append, long at, long activeAt)
    {
        var head = append.Head + append.Events.Count;
        if (append.NewOwner is { } owner)
        {
            return _createThread.Execute(
                append.Thread.Value, owner.Value, head, append.OpenFrom, at, append.Title, append.TitleFrom, activeAt,
                append.Listed?.NeedsApproval ?? false, append.Listed?.Agent, append.Listed?.AnswerSeq ?? 0, append.Listed?.ReadSeq ?? 0) == 1
                ? KeyOf(append.Thread)
                : null;
        }

        if (KeyOf(append.Thread) is not { } key)
        {
            return null;
        }

        var changed = append.Listed is { } listed
            ? _advanceListed.Execute(
                key, append.Epoch, append.Head, head, append.OpenFrom, at, append.Title, append.Unarchives, append.TitleFrom, activeAt, append.Thread.Value,
                listed.NeedsApproval, listed.Agent, listed.AnswerSeq, listed.ReadSeq)
            : _advanceThread.Execute(
                key, append.Epoch, append.Head, head, append.OpenFrom, at, append.Title, append.Unarchives, append.TitleFrom, activeAt, append.Thread.Value);
        return changed == 1 ? key : null;
    }

    private long? KeyOf(ThreadId thread)
    {
        if (_keys.TryGetValue(thread, out var known))
        {
            return known;
        }

        using var row = _findKey.Query(thread.Value);
        if (!row.Read())
        {
            return null;
        }

        if (_keys.Count == MaxKeys)
        {
            _keys.Clear();
        }

        return _keys[thread] = row.Number(0);
    }

    private void AddEvents(long key, LogAppend append, long at, long activeAt)
    {
        foreach (var @event in append.Events)
        {
            // SQL reads the time of an event in its JSON, but not in a compressed one.
            long? ownActivity = activeAt == at && !EventBytes.IsCompressed(@event.Json.Span) ? null : activeAt;
            _addEvent.Execute(key, @event.Seq, @event.Json, Checksum(@event.Json), ownActivity);
            if (!@event.Record.IsEmpty)
            {
                _addRecord.Execute(key, @event.Seq, @event.Record, Checksum(@event.Record));
            }

            if (@event.Id is { } id)
            {
                _addId.Execute(key, id, @event.Seq);
            }

            if (@event.ReplacesAfter is { } after)
            {
                _addReplaced.Execute(key, after, @event.Seq);
            }

            if (@event.Uncounted is { } uncounted)
            {
                _forgetReplaced.Execute(key);
                foreach (var span in uncounted)
                {
                    _addReplaced.Execute(key, span.AfterSeq, span.BeforeSeq);
                }
            }

            if (@event.TakesBack is { } message)
            {
                _addTakenBack.Execute(key, message);
            }
        }
    }
}
