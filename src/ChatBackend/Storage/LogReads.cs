using System.Data.Common;
using System.Runtime.CompilerServices;
using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>
/// The reads that are the same in every relational store, in the SQL they share. Not through EF: its first query costs a second of CPU
/// just when the first clients come back, and each one after that eight times the query itself.
/// </summary>
internal static class LogReads
{
    // A subquery, not a join: the thread's key is found once, then its events are one range of one index.
    private const string EventsOfThread = "SELECT seq, json FROM events WHERE thread_key = (SELECT key FROM threads WHERE id = @thread)";

    extension(DbConnection log)
    {
        public async Task<IReadOnlyList<StoredEvent>> EventsAfterAsync(
            ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken)
        {
            var events = new List<StoredEvent>();
            var bytes = 0L;
            var rows = log.QueryAsync(
                $"{EventsOfThread} AND seq > @seq ORDER BY seq LIMIT @max", ReadEvent, cancellationToken,
                ("@thread", thread.Value), ("@seq", afterSeq), ("@max", maxEvents));
            // One row at a time: what the bound leaves out is never loaded.
            await foreach (var row in rows)
            {
                events.Add(row);
                bytes += row.Json.Length;
                if (bytes >= maxBytes)
                {
                    break;
                }
            }

            return events;
        }

        public async Task<IReadOnlyList<StoredEvent>> EventsBeforeAsync(
            ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken)
        {
            var events = await log.QueryAsync(
                $"{EventsOfThread} AND seq < @seq ORDER BY seq DESC LIMIT @max", ReadEvent, cancellationToken,
                ("@thread", thread.Value), ("@seq", beforeSeq), ("@max", maxEvents)).ToListAsync(cancellationToken);
            events.Reverse();
            return events;
        }

        public async Task<long?> EventOfIdAsync(ThreadId thread, string id, CancellationToken cancellationToken) =>
            await log.QueryAsync(
                "SELECT seq FROM event_ids WHERE thread_key = (SELECT key FROM threads WHERE id = @thread) AND id = @id",
                row => (long?)row.GetInt64(0), cancellationToken,
                ("@thread", thread.Value), ("@id", id)).FirstOrDefaultAsync(cancellationToken);

        public async Task<IReadOnlyList<PartCheckpoint>> CheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) =>
            await log.QueryAsync(
                """
                SELECT run_id, part_id, kind, "offset", text FROM part_checkpoints
                WHERE thread_key = (SELECT key FROM threads WHERE id = @thread) ORDER BY key
                """,
                row => new PartCheckpoint(
                    new RunId(row.GetString(0)), new PartId(row.GetString(1)), Enum.Parse<PartKind>(row.GetString(2)), row.GetInt32(3), row.GetString(4)),
                cancellationToken,
                ("@thread", thread.Value)).ToListAsync(cancellationToken);

        public async Task<CommandRecord?> CommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) =>
            await log.QueryAsync(
                "SELECT digest, ack FROM commands WHERE user_id = @user AND id = @id",
                row => new CommandRecord(user, id, row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1)),
                cancellationToken,
                ("@user", user.Value), ("@id", id.Value)).FirstOrDefaultAsync(cancellationToken);

        public async Task<IReadOnlyList<ThreadId>> WithOpenWorkAsync(CancellationToken cancellationToken) =>
            await log.QueryAsync(
                "SELECT id FROM threads WHERE open_from IS NOT NULL", row => new ThreadId(row.GetString(0)), cancellationToken)
                .ToListAsync(cancellationToken);

        public async IAsyncEnumerable<TRow> QueryAsync<TRow>(
            string sql, Func<DbDataReader, TRow> read, [EnumeratorCancellation] CancellationToken cancellationToken,
            params (string Name, object Value)[] parameters)
        {
            await using var command = log.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                parameter.Value = value;
                command.Parameters.Add(parameter);
            }

            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                yield return read(rows);
            }
        }
    }

    private static StoredEvent ReadEvent(DbDataReader row) => new(row.GetInt64(0), row.GetFieldValue<byte[]>(1));
}
