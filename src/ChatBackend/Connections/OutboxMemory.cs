using ChatBackend.Telemetry;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// What waits in all outboxes together, bounded. Above the bound those that catch up wait until they have read what they have, history is refused,
/// and who holds more than its share and gets still more ends as too slow.
/// </summary>
internal sealed class OutboxMemory
{
    private const long Least = 64 * 1024 * 1024;

    private long _bytes;
    private int _holders;

    public OutboxMemory(IOptions<ConnectionOptions> options, ChatMetrics metrics)
    {
        Max = options.Value.MaxTotalOutboxBytes ?? Math.Max(Least, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
        metrics.WatchOutboxes(() => Volatile.Read(ref _bytes), () => Max);
    }

    public long Max { get; }

    /// <summary>Bytes above the bound; 0 or less when there is room.</summary>
    public long Excess => Volatile.Read(ref _bytes) - Max;

    public bool IsFull => Excess > 0;

    /// <summary>One outbox holds another number of bytes than before.</summary>
    public void Change(ref int held, int now)
    {
        if (now == held)
        {
            return;
        }

        Interlocked.Add(ref _bytes, now - held);
        if (held == 0 || now == 0)
        {
            Interlocked.Add(ref _holders, held == 0 ? 1 : -1);
        }

        held = now;
    }

    /// <summary>Whether one outbox holds more than all may hold on average, while all together hold too much.</summary>
    public bool IsOverItsShare(int held) => IsFull && held > Max / Math.Max(1, Volatile.Read(ref _holders));
}
