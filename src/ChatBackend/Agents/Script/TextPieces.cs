namespace ChatBackend.Agents.Script;

/// <summary>Cuts text for streaming.</summary>
internal static class TextPieces
{
    /// <summary>
    /// As many pieces of about the same length as asked for, or as the text has code units. A surrogate pair stays whole,
    /// which may leave fewer. Together they are the text.
    /// </summary>
    public static IEnumerable<string> Of(string text, int count)
    {
        var pieces = Math.Min(count, text.Length);
        var start = 0;
        for (var piece = 1; piece <= pieces; piece++)
        {
            var end = (int)((long)text.Length * piece / pieces);
            if (end < text.Length && char.IsSurrogatePair(text[end - 1], text[end]))
            {
                end++;
            }

            if (end > start)
            {
                yield return text[start..end];
                start = end;
            }
        }
    }
}
