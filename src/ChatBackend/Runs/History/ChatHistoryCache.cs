using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatBackend.Runs.History;

/// <summary>
/// What models were shown of threads that are busy, so that the next run of one adds only what happened since. Bounded in bytes, for all
/// threads together: what was unused longest goes first, and the log has it all.
/// </summary>
internal sealed class ChatHistoryCache : BackgroundService
{
    private const int LargestShare = 16; // of the whole, that one thread may have
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ThreadId, LinkedListNode<Place>> _places = [];
    private readonly LinkedList<Place> _byUse = []; // unused longest first
    private readonly long _mostBytes;
    private readonly TimeProvider _clock;
    private long _bytes;

    public ChatHistoryCache(IOptions<RunOptions> options, ChatMetrics metrics, TimeProvider clock)
    {
        (_mostBytes, _clock) = (options.Value.HistoryMiB * 1024L * 1024, clock);
        metrics.WatchHistories(() => Bytes);
    }

    /// <summary>Of all that is kept.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>A thread's place, for one run alone until it puts something there again.</summary>
    /// <param name="kept">What was there; null when nothing was.</param>
    public Place Take(ThreadId thread, out ChatHistory? kept)
    {
        lock (_lock)
        {
            kept = Remove(thread)?.Kept;
            var place = new Place(thread, _clock.GetTimestamp());
            _places[thread] = _byUse.AddLast(place);
            return place;
        }
    }

    /// <summary>Unless the thread was forgotten or another run came meanwhile. It is not the caller's any more.</summary>
    public void Keep(Place place, ChatHistory history)
    {
        var bytes = history.Bytes;
        lock (_lock)
        {
            if (bytes > _mostBytes / LargestShare || _places.GetValueOrDefault(place.Thread)?.Value != place)
            {
                return;
            }

            place.Put(history, bytes);
            _bytes += bytes;
            while (_bytes > _mostBytes)
            {
                Remove(_byUse.First!.Value.Thread);
            }
        }
    }

    /// <summary>Also of a run that has it just now.</summary>
    public void Forget(ThreadId thread)
    {
        lock (_lock)
        {
            Remove(thread);
        }
    }

    /// <summary>Forgets threads that have had no run for a while, followed or not.</summary>
    public void ForgetIdle()
    {
        lock (_lock)
        {
            while (_byUse.First is { Value: var longest } && _clock.GetElapsedTime(longest.UsedAt) > Idle)
            {
                Remove(longest.Thread);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in PeriodicTicks.EveryAsync(Idle / 2, _clock, stoppingToken))
        {
            ForgetIdle();
        }
    }

    private Place? Remove(ThreadId thread)
    {
        if (!_places.Remove(thread, out var node))
        {
            return null;
        }

        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
        return node.Value;
    }

    internal sealed class Place(ThreadId thread, long usedAt)
    {
        public ThreadId Thread => thread;

        public long UsedAt => usedAt;

        public ChatHistory? Kept { get; private set; }

        public long Bytes { get; private set; }

        public void Put(ChatHistory history, long bytes) => (Kept, Bytes) = (history, bytes);
    }
}
