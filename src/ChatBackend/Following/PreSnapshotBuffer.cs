using ChatBackend.Threads.Contracts;

namespace ChatBackend.Following;

/// <summary>What a thread published while its fan-out waits for a snapshot, bounded: what is too much is left to the snapshot after the next. Not thread-safe.</summary>
internal sealed class PreSnapshotBuffer
{
    private const int MaxBytes = 1024 * 1024;

    private readonly List<PublishedItem> _items = [];
    private long _bytes;

    public void Add(PublishedItem[] items)
    {
        foreach (var item in items)
        {
            _bytes += item switch
            {
                { Delta: { } delta } => sizeof(char) * delta.Text.Length,
                { Progress: { } progress } => progress.Json.Length,
                _ => item.Event.Json.Length,
            };
        }

        if (_bytes <= MaxBytes)
        {
            _items.AddRange(items);
        }
        else
        {
            _items.Clear();
        }
    }

    /// <returns>False when it was too much: something is missing.</returns>
    public bool TryTake(out PublishedItem[] items)
    {
        items = [.. _items];
        var isAll = _bytes <= MaxBytes;
        _items.Clear();
        _bytes = 0;
        return isAll;
    }
}
