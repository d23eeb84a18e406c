using System.Globalization;

namespace ChatBackend.Threads.Titles;

/// <summary>Makes a title of a user's message.</summary>
internal static class ThreadTitle
{
    public const int MaxLength = 60;

    /// <returns>The first line that says something, on one line and not too long; null when none does.</returns>
    public static string? From(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (Collapse(line) is { Length: > 0 } collapsed)
            {
                return collapsed.Length <= MaxLength ? collapsed : Cut(collapsed);
            }
        }

        return null;
    }

    // Longer than any title, and bounded: a line may be a megabyte.
    private static string Collapse(ReadOnlySpan<char> line) => TitleText.Clean(line[..Math.Min(line.Length, 8 * MaxLength)]);

    /// <summary>At the last word that fits, else in the middle of it, but never inside what is drawn as one character.</summary>
    private static string Cut(string text)
    {
        var (end, word) = (0, 0);
        for (int next; end + (next = StringInfo.GetNextTextElementLength(text, end)) < MaxLength; end += next)
        {
            word = text[end] == ' ' ? end : word;
        }

        word = text[end] == ' ' ? end : word;
        return string.Concat(text.AsSpan(0, word > 0 ? word : end), "…");
    }
}
