using System.Text;

namespace ChatBackend.Agents.Endpoints;

/// <summary>The beginning of what an endpoint sent, for one line of a log.</summary>
internal static class Excerpt
{
    // More than is logged: it is redacted before it is cut, so that no half of a key is left.
    private const int Most = 2000;

    public static string Of(ReadOnlySpan<byte> bytes) => Of(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, Most)]));

    public static string Of(string text, int most = Most)
    {
        var line = string.Join(' ', (text.Length > 2 * most ? text[..(2 * most)] : text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= most ? line : line[..most] + "…";
    }
}
