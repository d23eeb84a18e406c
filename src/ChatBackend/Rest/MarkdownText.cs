using System.Text;

namespace ChatBackend.Rest;

/// <summary>
/// What people and models wrote, as part of a Markdown document: emphasis, lists and code stay, but nothing becomes HTML, a link or an
/// image, so that opening the document runs and fetches nothing. Code between fences stays as it is. A fence counts only at the start of
/// a line: there it is one for every reader of Markdown, inside no list and no quotation that a later line could end.
/// </summary>
internal static class MarkdownText
{
    private static readonly string[] Schemes = ["mailto", "xmpp", "tel"];

    public static string Line(string text)
    {
        var line = new StringBuilder();
        Escape(line, text.ReplaceLineEndings(" "));
        return line.ToString();
    }

    /// <summary>Ends with a line break, outside of any fence.</summary>
    public static void Append(StringBuilder document, string text)
    {
        (char Mark, int Length)? open = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var indent = line.Length - line.TrimStart(' ').Length;
            if (open is { } opened)
            {
                document.Append(line);
                open = Closes(line[indent..], indent, opened) ? null : open;
            }
            else if (FenceOf(line) is { } begin)
            {
                // Its info says a language, and is nothing that could be markup.
                document.Append(begin.Mark, begin.Length).Append(InfoOf(line[begin.Length..]));
                open = begin;
            }
            else
            {
                // An indented fence could open where we take it for text, or the other way round.
                document.Append(line[..indent]);
                if (indent > 0 && FenceOf(line[indent..]) is not null)
                {
                    document.Append('\\');
                }

                Escape(document, line[indent..]);
            }

            document.Append('\n');
        }

        if (open is { } left)
        {
            document.Append(left.Mark, left.Length).Append('\n');
        }
    }

    private static (char Mark, int Length)? FenceOf(ReadOnlySpan<char> line)
    {
        if (line.IsEmpty || line[0] is not ('`' or '~'))
        {
            return null;
        }

        var length = line.IndexOfAnyExcept(line[0]) is >= 0 and var end ? end : line.Length;
        return length >= 3 && !(line[0] == '`' && line[length..].Contains('`')) ? (line[0], length) : null;
    }

    private static bool Closes(ReadOnlySpan<char> line, int indent, (char Mark, int Length) opened) =>
        indent < 4 && FenceOf(line) is { } end && end.Mark == opened.Mark && end.Length >= opened.Length && line[end.Length..].IsWhiteSpace();

    private static ReadOnlySpan<char> InfoOf(ReadOnlySpan<char> rest)
    {
        var info = rest.Trim();
        foreach (var character in info)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('+' or '-' or '#' or '.'))
            {
                return [];
            }
        }

        return info;
    }

    private static void Escape(StringBuilder document, ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '<':
                    document.Append("&lt;");
                    continue;
                case '&':
                    document.Append("&amp;");
                    continue;
                case '[' or ']':
                case ':' or '/' or '.' or '@' when BeginsLink(text, i):
                    document.Append('\\');
                    break;
            }

            document.Append(text[i]);
        }
    }

    // Many readers make links of bare addresses: scheme://, //, www., mailto: and the like, and name@host.
    private static bool BeginsLink(ReadOnlySpan<char> text, int at)
    {
        var before = text[..at];
        var after = text[(at + 1)..];
        return text[at] switch
        {
            ':' => after.StartsWith("//") || (!after.IsEmpty && !char.IsWhiteSpace(after[0]) && EndsInScheme(before)),
            '/' => after.StartsWith("/") || before.EndsWith("/"),
            '.' => before.EndsWith("www", StringComparison.OrdinalIgnoreCase),
            _ => !before.IsEmpty && !after.IsEmpty && !char.IsWhiteSpace(before[^1]) && !char.IsWhiteSpace(after[0]),
        };
    }

    private static bool EndsInScheme(ReadOnlySpan<char> text)
    {
        foreach (var scheme in Schemes)
        {
            if (text.EndsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
