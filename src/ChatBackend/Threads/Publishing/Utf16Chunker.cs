namespace ChatBackend.Threads.Publishing;

/// <summary>
/// Makes a stream of text safe to send in pieces: a piece never ends inside a surrogate pair, and half a pair that stands
/// alone becomes U+FFFD at once, so that what was streamed and what is stored are the same text. Half a pair at the very end is never said.
/// </summary>
internal sealed class Utf16Chunker
{
    private const char Replacement = '\uFFFD';
    private char? _half;

    public string Next(string text)
    {
        if (_half is null && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }

        var input = _half is { } held ? held + text : text;
        _half = null;
        var output = input.ToCharArray();
        for (var i = 0; i < output.Length; i++)
        {
            if (!char.IsSurrogate(output[i]))
            {
                continue;
            }

            if (i + 1 < output.Length && char.IsSurrogatePair(output[i], output[i + 1]))
            {
                i++;
            }
            else if (i + 1 == output.Length && char.IsHighSurrogate(output[i]))
            {
                _half = output[i];
                return new string(output, 0, i);
            }
            else
            {
                output[i] = Replacement;
            }
        }

        return new string(output);
    }
}
