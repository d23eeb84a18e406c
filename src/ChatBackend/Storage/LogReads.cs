using ChatBackend.Protocol;
using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Storage;

/// <summary>The reads that are the same in every relational store.</summary>
internal static class LogReads
{
    extension(LogContext log)
    {
        public async Task<IReadOnlyList<StoredEvent>> EventsAfterAsync(
            ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken)
        {
            var events = new List<StoredEvent>();
            var bytes = 0L;
            var rows = log.EventsOf(thread).Where(row => row.Seq > afterSeq).OrderBy(row => row.Seq).Take(maxEvents).AsAsyncEnumerable();
            // One row at a time: what the bound leaves out is never loaded.
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                events.Add(new StoredEvent(row.Seq, row.Json));
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
            var events = await log.EventsOf(thread)
                .Where(row => row.Seq < beforeSeq)
                .OrderByDescending(row => row.Seq)
                .Take(maxEvents)
                .Select(row => new StoredEvent(row.Seq, row.Json))
                .ToListAsync(cancellationToken);
            events.Reverse();
            return events;
        }

        public async Task<IReadOnlyList<PartCheckpoint>> CheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) =>
            await log.Checkpoints
                .Where(row => row.ThreadKey == log.Threads.Where(owner => owner.Id == thread.Value).Select(owner => owner.Key).FirstOrDefault())
                .OrderBy(row => row.Key)
                .Select(row => new PartCheckpoint(new RunId(row.Run), new PartId(row.Part), row.Kind, row.Offset, row.Text))
                .ToListAsync(cancellationToken);

        public Task<CommandRecord?> CommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) =>
            log.Commands
                .Where(row => row.User == user.Value && row.Id == id.Value)
                .Select(row => new CommandRecord(user, id, row.Digest, row.Ack))
                .FirstOrDefaultAsync(cancellationToken);

        public async Task<IReadOnlyList<ThreadId>> WithOpenWorkAsync(CancellationToken cancellationToken) =>
            await log.Threads
                .Where(row => row.OpenFrom != null)
                .Select(row => new ThreadId(row.Id))
                .ToListAsync(cancellationToken);

        // A subquery, not a join: the thread's key is found once, then its events are one range of one index.
        private IQueryable<EventRow> EventsOf(ThreadId thread) =>
            log.Events.Where(row => row.ThreadKey == log.Threads.Where(owner => owner.Id == thread.Value).Select(owner => owner.Key).FirstOrDefault());
    }
}
