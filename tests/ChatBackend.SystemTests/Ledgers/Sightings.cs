using System.Collections.Concurrent;
using System.Security.Cryptography;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>What all clients together were sent, by thread and place, so that no two of them see different things. Keeps 16 bytes an event.</summary>
internal sealed class Sightings
{
    private readonly ConcurrentDictionary<ThreadId, Thread> _threads = new();
    private long _events;
    private long _deltas;

    /// <summary>Durable events, each as often as a client was sent it.</summary>
    public long Events => Interlocked.Read(ref _events);

    public long Deltas => Interlocked.Read(ref _deltas);

    /// <returns>Whether every client saw this at this place.</returns>
    public bool Take(ThreadEvent threadEvent, ReadOnlySpan<byte> frame)
    {
        Interlocked.Increment(ref _events);
        return threadEvent.Seq > 0 && _threads.GetOrAdd(threadEvent.ThreadId, _ => new Thread()).Take(threadEvent.Seq, frame);
    }

    /// <param name="cursor">How far its reader is.</param>
    public void Take(PartDelta delta, long cursor)
    {
        Interlocked.Increment(ref _deltas);
        _threads.GetOrAdd(delta.ThreadId, _ => new Thread()).Take(delta, cursor);
    }

    /// <summary>What somebody was sent that is not in the log, and text that came when its run was not open or its part was over.</summary>
    public IEnumerable<string> Against(ThreadLedger log) =>
        _threads.TryGetValue(log.Thread, out var thread) ? thread.Against(log) : [];

    private sealed class Thread
    {
        private readonly Lock _lock = new();
        private readonly List<UInt128> _events = [];
        private readonly Dictionary<PartId, (RunId Run, long First, long Last)> _parts = [];

        public bool Take(long seq, ReadOnlySpan<byte> frame)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(frame, digest);
            var seen = System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(digest);
            lock (_lock)
            {
                while (_events.Count < seq)
                {
                    _events.Add(default);
                }

                ref var known = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_events)[(int)seq - 1];
                known = known == default ? seen : known;
                return known == seen;
            }
        }

        public void Take(PartDelta delta, long cursor)
        {
            lock (_lock)
            {
                var (_, first, last) = _parts.GetValueOrDefault(delta.PartId, (delta.RunId, cursor, cursor));
                _parts[delta.PartId] = (delta.RunId, Math.Min(first, cursor), Math.Max(last, cursor));
            }
        }

        public List<string> Against(ThreadLedger log)
        {
            var broken = new List<string>();
            lock (_lock)
            {
                if (_events.Count > log.Head)
                {
                    broken.Add($"{log.Thread}: event {_events.Count} was sent, and the log ends at {log.Head}");
                }

                foreach (var (part, (run, first, last)) in _parts)
                {
                    var (from, to) = log.LifeOf(run, part);
                    if (first < from || last >= to)
                    {
                        broken.Add($"{log.Thread}: text of {part} came after events {first} to {last}; it was open after {from} and before {to}");
                    }
                }
            }

            return broken;
        }
    }
}
