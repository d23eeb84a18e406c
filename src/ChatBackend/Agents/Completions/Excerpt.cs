using System.Text;

namespace ChatBackend.Agents.Completions;

/// <summary>The beginning of what an endpoint sent, for one line of a log.</summary>
internal static class Excerpt
{
    private const int MaxCharacters = 200;

    public static string Of(ReadOnlySpan<byte> bytes) => Of(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4 * MaxCharacters)]));

    public static string Of(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= MaxCharacters ? line : line[..MaxCharacters] + "…";
    }
}
