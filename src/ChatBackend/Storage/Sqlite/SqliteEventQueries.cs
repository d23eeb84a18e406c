using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Reads of logs.</summary>
internal static class SqliteEventQueries
{
    // A subquery, not a join: the thread's key is found once, then its events are one range of one index.
    private const string EventsOfThread = "SELECT seq, json FROM events WHERE thread_key = (SELECT key FROM threads WHERE id = ?1)";

    private const string After = $"{EventsOfThread} AND seq > ?2 ORDER BY seq LIMIT ?3";

    private const string Before = $"{EventsOfThread} AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

    extension(SqliteReadConnection log)
    {
        public IReadOnlyList<StoredEvent> EventsAfter(ThreadId thread, long afterSeq, int maxEvents, int maxBytes)
        {
            var events = new List<StoredEvent>();
            var bytes = 0L;
            using var rows = log.Query(After, thread.Value, afterSeq, maxEvents);
            // One row at a time: what the bound leaves out is never loaded.
            while (bytes < maxBytes && rows.Read())
            {
                events.Add(ReadEvent(rows));
                bytes += events[^1].Json.Length;
            }

            return events;
        }

        public IReadOnlyList<StoredEvent> EventsBefore(ThreadId thread, long beforeSeq, int maxEvents)
        {
            var events = log.List(Before, ReadEvent, thread.Value, beforeSeq, maxEvents);
            events.Reverse();
            return events;
        }

        public IReadOnlyList<StoredRecord> Records(ThreadId thread, long fromSeq, long toSeq) => log.List(
            "SELECT seq, json FROM step_records WHERE thread_key = (SELECT key FROM threads WHERE id = ?1) AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
            row => new StoredRecord(row.GetInt64(0), row.Event(1)),
            thread.Value, fromSeq, toSeq);

        public long? EventOfId(ThreadId thread, string id) => log.First(
            "SELECT seq FROM event_ids WHERE thread_key = (SELECT key FROM threads WHERE id = ?1) AND id = ?2",
            row => (long?)row.GetInt64(0),
            thread.Value, id);

        public IReadOnlyList<PartCheckpoint> Checkpoints(ThreadId thread) => log.List(
            """
            SELECT run_id, part_id, kind, "offset", text FROM part_checkpoints
            WHERE thread_key = (SELECT key FROM threads WHERE id = ?1) ORDER BY key
            """,
            row => new PartCheckpoint(
                new RunId(row.GetString(0)), new PartId(row.GetString(1)), Enum.Parse<PartKind>(row.GetString(2)), (int)row.GetInt64(3), row.GetString(4)),
            thread.Value);

        public ResultPiece? ResultPiece(ThreadId thread, CallId call, int piece) => log.First(
            """
            SELECT total, bytes FROM tool_results JOIN threads ON threads.key = thread_key
            WHERE threads.id = ?1 AND call_id = ?2 AND piece = ?3 AND seq >= history_begins
            """,
            row => new ResultPiece((int)row.GetInt64(0), EventBytes.Decompress(row.GetFieldValue<byte[]>(1))),
            thread.Value, call.Value, piece);

        public CommandRecord? Command(UserId user, ClientFrameId id) => log.First(
            "SELECT digest, ack FROM commands WHERE user_id = ?1 AND id = ?2",
            row => new CommandRecord(user, id, row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1)),
            user.Value, id.Value);

        public IReadOnlyList<ThreadId> WithOpenWork() =>
            log.List("SELECT id FROM threads WHERE open_from IS NOT NULL", row => new ThreadId(row.GetString(0)));
    }

    private static StoredEvent ReadEvent(SqliteDataReader row) => new(row.GetInt64(0), row.Event(1));
}
