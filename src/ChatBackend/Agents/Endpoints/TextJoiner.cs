namespace ChatBackend.Agents.Endpoints;

/// <summary>Makes whole characters of text that comes in pieces. Half of a surrogate pair waits for its other half; one that stays alone becomes U+FFFD.</summary>
internal sealed class TextJoiner
{
    private const char Unknown = '\uFFFD';

    private char? _high;

    public string Add(string piece)
    {
        if (piece.Length == 0 || (_high is null && IsWhole(piece)))
        {
            return piece;
        }

        var text = _high + piece;
        _high = null;
        if (char.IsHighSurrogate(text[^1]))
        {
            (_high, text) = (text[^1], text[..^1]);
        }

        return Repaired(text);
    }

    /// <summary>What still waited.</summary>
    public string End()
    {
        var left = _high is null ? "" : Unknown.ToString();
        _high = null;
        return left;
    }

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return false;
            }

            i++;
        }

        return true;
    }

    private static string Repaired(string text) => IsWhole(text)
        ? text
        : string.Create(text.Length, text, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                if (i + 1 < source.Length && char.IsSurrogatePair(source[i], source[i + 1]))
                {
                    (target[i], target[i + 1]) = (source[i], source[i + 1]);
                    i++;
                }
                else
                {
                    target[i] = char.IsSurrogate(source[i]) ? Unknown : source[i];
                }
            }
        });
}
