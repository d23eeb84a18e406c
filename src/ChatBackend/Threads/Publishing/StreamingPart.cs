using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads.Publishing;

/// <summary>The text of the part a run is at. A position is in UTF-16 code units. Not thread-safe.</summary>
internal sealed class StreamingPart(RunId run, PartId part, PartKind kind)
{
    private readonly StringBuilder _text = new();

    public StreamingPart(PartText begun)
        : this(begun.Run, begun.Part, begun.Kind) => _text.Append(begun.Text);

    public RunId Run => run;

    public PartId Part => part;

    public PartKind Kind => kind;

    public int Length => _text.Length;

    /// <summary>Appends and returns what was appended, with its position.</summary>
    public PartText Append(string text)
    {
        var offset = _text.Length;
        _text.Append(text);
        return new PartText(run, part, kind, offset, text);
    }

    /// <summary>All text from a position on; a surrogate pair is never cut, since half of one cannot be sent.</summary>
    public PartText From(int position) => From(position, int.MaxValue);

    /// <param name="most">UTF-16 code units at most; above 1.</param>
    public PartText From(int position, int most)
    {
        var start = OutsidePair(Math.Clamp(position, 0, _text.Length));
        var end = OutsidePair((int)Math.Min((long)start + most, _text.Length));
        return new PartText(run, part, kind, start, _text.ToString(start, end - start));
    }

    private int OutsidePair(int position) =>
        position > 0 && position < _text.Length && char.IsHighSurrogate(_text[position - 1]) ? position - 1 : position;
}
