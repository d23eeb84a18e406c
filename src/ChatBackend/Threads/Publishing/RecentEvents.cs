using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads.Publishing;

/// <summary>The last events of a thread, encoded, so that a follower that joins or was briefly away is served without the store. Not thread-safe.</summary>
internal sealed class RecentEvents
{
    private const int MaxEvents = 64;
    private const int MaxBytes = 64 * 1024;

    private readonly Queue<EncodedEvent> _events = new();
    private int _bytes;

    public void Add(EncodedEvent threadEvent)
    {
        _events.Enqueue(threadEvent);
        _bytes += threadEvent.Json.Length;
        while (_events.Count > MaxEvents || (_bytes > MaxBytes && _events.Count > 1))
        {
            _bytes -= _events.Dequeue().Json.Length;
        }
    }

    public void Clear()
    {
        _events.Clear();
        _bytes = 0;
    }

    /// <summary>Whether every event after <paramref name="seq"/> is here.</summary>
    public bool Covers(long seq) => _events.TryPeek(out var first) && first.Seq <= seq + 1;

    public EncodedEvent? Find(long seq)
    {
        foreach (var threadEvent in _events)
        {
            if (threadEvent.Seq == seq)
            {
                return threadEvent;
            }
        }

        return null;
    }

    public EncodedEvent[] After(long seq) => [.. _events.Where(threadEvent => threadEvent.Seq > seq)];
}
