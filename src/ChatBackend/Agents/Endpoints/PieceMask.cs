namespace ChatBackend.Agents.Endpoints;

/// <summary>Takes secrets out of text that comes in pieces. What may be the beginning of one waits for the next piece.</summary>
/// <param name="secrets">In all their forms.</param>
internal sealed class PieceMask(IReadOnlyList<string> secrets)
{
    private string _held = "";

    public string Add(string piece)
    {
        var text = _held.Length > 0 ? _held + piece : piece;
        text = SecretForms.TakeOut(secrets, text);
        var held = 0;
        foreach (var secret in secrets)
        {
            held = Math.Max(held, BeginningAtTheEnd(text, secret));
        }

        _held = held > 0 ? text[^held..] : "";
        return held > 0 ? text[..^held] : text;
    }

    /// <summary>What still waited.</summary>
    public string End()
    {
        var left = _held;
        _held = "";
        return left;
    }

    // How many characters at the end of the text are the first ones of the secret.
    private static int BeginningAtTheEnd(string text, string secret)
    {
        var end = text.AsSpan(Math.Max(0, text.Length - secret.Length + 1));
        while (end.IndexOf(secret[0]) is >= 0 and var at)
        {
            end = end[at..];
            if (secret.AsSpan().StartsWith(end))
            {
                return end.Length;
            }

            end = end[1..];
        }

        return 0;
    }
}
