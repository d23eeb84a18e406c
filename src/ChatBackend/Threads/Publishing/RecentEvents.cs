using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads.Publishing;

/// <summary>The last events of a thread, encoded and without a gap, so that a follower that joins or was briefly away is served without the store. Not thread-safe.</summary>
internal sealed class RecentEvents
{
    private const int MaxEvents = 64; // a power of two, as every length of the ring
    private const int MaxBytes = 64 * 1024;

    private EncodedEvent[] _ring = new EncodedEvent[4];
    private int _first;
    private int _count;
    private int _bytes;

    public void Add(EncodedEvent threadEvent)
    {
        if (_count > 0 && threadEvent.Seq != At(_count - 1).Seq + 1)
        {
            Clear();
        }

        while (_count == MaxEvents || (_count > 0 && _bytes + threadEvent.Json.Length > MaxBytes))
        {
            _bytes -= At(0).Json.Length;
            At(0) = default;
            _first++;
            _count--;
        }

        if (_count == _ring.Length)
        {
            var larger = new EncodedEvent[2 * _count];
            CopyTo(larger, 0);
            (_ring, _first) = (larger, 0);
        }

        At(_count++) = threadEvent;
        _bytes += threadEvent.Json.Length;
    }

    public void Clear()
    {
        Array.Clear(_ring);
        (_count, _bytes) = (0, 0);
    }

    /// <summary>Whether every event after <paramref name="seq"/> is here.</summary>
    public bool Covers(long seq) => _count > 0 && At(0).Seq <= seq + 1;

    public EncodedEvent? Find(long seq) => _count > 0 && seq - At(0).Seq is var place && place >= 0 && place < _count ? At((int)place) : null;

    public EncodedEvent[] After(long seq)
    {
        var skipped = _count == 0 ? 0 : (int)Math.Clamp(seq + 1 - At(0).Seq, 0, _count);
        var after = new EncodedEvent[_count - skipped];
        CopyTo(after, skipped);
        return after;
    }

    private ref EncodedEvent At(int place) => ref _ring[(_first + place) & (_ring.Length - 1)];

    private void CopyTo(EncodedEvent[] other, int from)
    {
        for (var place = from; place < _count; place++)
        {
            other[place - from] = At(place);
        }
    }
}
