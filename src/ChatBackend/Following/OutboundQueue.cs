using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Following;

/// <summary>
/// Frames that wait for one connection, in order. Text of a part gathers while it waits, so that a slow reader gets fewer and longer
/// deltas. It never moves past another frame of its thread; frames of other threads do not keep it apart. Not thread-safe.
/// </summary>
internal sealed class OutboundQueue
{
    private readonly Queue<Entry> _entries = new();
    private readonly Dictionary<ThreadId, GatheredText> _open = []; // of each thread the text that nothing of the thread comes after

    public int Count => _entries.Count;

    /// <summary>What is held: encoded frames, and text that gathers with the room it takes in memory.</summary>
    public int Bytes { get; private set; }

    /// <returns>True when it went into a delta that waited already.</returns>
    public bool Add(in OutboundFrame frame)
    {
        if (frame is not { Thread: { } thread, Delta: { } delta })
        {
            if (frame.Thread is { } of)
            {
                _open.Remove(of);
            }

            _entries.Enqueue(new Entry(frame, null));
            Bytes += frame.Json.Length;
            return false;
        }

        if (_open.TryGetValue(thread, out var open))
        {
            var before = open.Bytes;
            if (open.TryAppend(delta))
            {
                Bytes += open.Bytes - before;
                return true;
            }
        }

        var text = new GatheredText(thread, frame.Json, delta);
        _open[thread] = text;
        _entries.Enqueue(new Entry(default, text));
        Bytes += text.Bytes;
        return false;
    }

    public bool TryTake(out OutboundFrame frame)
    {
        if (!_entries.TryDequeue(out var entry))
        {
            frame = default;
            return false;
        }

        if (entry.Text is not { } text)
        {
            frame = entry.Frame;
            Bytes -= frame.Json.Length;
            return true;
        }

        if (_open.GetValueOrDefault(text.Thread) == text)
        {
            _open.Remove(text.Thread);
        }

        Bytes -= text.Bytes;
        frame = text.ToFrame();
        return true;
    }

    /// <summary>Either is set.</summary>
    private readonly record struct Entry(OutboundFrame Frame, GatheredText? Text);

    private sealed class GatheredText(ThreadId thread, ReadOnlyMemory<byte> json, PartText first)
    {
        private StringBuilder? _text;
        private ReadOnlyMemory<byte> _json = json;
        private PartText _first = first;

        public ThreadId Thread => thread;

        public int Bytes => _json.Length + (sizeof(char) * (_text?.Capacity ?? _first.Text.Length));

        public bool TryAppend(PartText next)
        {
            var length = _text?.Length ?? _first.Text.Length;
            if (next.Part != _first.Part || next.Offset != _first.Offset + length || length + next.Text.Length > OutboundFrame.MaxText)
            {
                return false;
            }

            if (_text is null)
            {
                _text = new StringBuilder(_first.Text);
                (_json, _first) = (default, _first with { Text = "" });
            }

            _text.Append(next.Text);
            return true;
        }

        public OutboundFrame ToFrame() => new(thread, _json, _text is null ? _first : _first with { Text = _text.ToString() });
    }
}
