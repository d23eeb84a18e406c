using System.Text;

namespace ChatBackend.Threads;

/// <summary>Makes a title of what somebody wrote.</summary>
internal static class ThreadTitle
{
    public const int MaxLength = 60;

    /// <returns>The first line that says something, on one line and not too long; null when none does.</returns>
    public static string? From(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            // Longer than any title, and bounded: a line may be a megabyte.
            if (Collapse(line) is { Length: > 0 } collapsed)
            {
                return collapsed.Length <= MaxLength ? collapsed : Cut(collapsed);
            }
        }

        return null;
    }

    private static string Collapse(ReadOnlySpan<char> line)
    {
        var collapsed = new StringBuilder();
        foreach (var character in line)
        {
            var isGap = char.IsWhiteSpace(character) || char.IsControl(character);
            if (!isGap)
            {
                collapsed.Append(character);
            }
            else if (collapsed.Length > 0 && collapsed[^1] != ' ')
            {
                collapsed.Append(' ');
            }

            if (collapsed.Length > 2 * MaxLength)
            {
                break;
            }
        }

        return collapsed.ToString().TrimEnd();
    }

    /// <summary>At the last word that fits, else in the middle of it, but never inside a surrogate pair.</summary>
    private static string Cut(string text)
    {
        var end = text.LastIndexOf(' ', MaxLength - 1);
        if (end <= 0)
        {
            end = char.IsHighSurrogate(text[MaxLength - 2]) ? MaxLength - 2 : MaxLength - 1;
        }

        return string.Concat(text.AsSpan(0, end), "…");
    }
}
