using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Reads JSON of many hands: what is absent, null or of another kind reads as absent.</summary>
internal static class LooseJson
{
    /// <summary>A member of an object that is there and is not null.</summary>
    public static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value
            : null;

    /// <summary>The elements of an array; one element that stands alone; nothing where there is nothing.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement? element) => element switch
    {
        { ValueKind: JsonValueKind.Array } array => array.EnumerateArray().Where(item => item.ValueKind != JsonValueKind.Null),
        { } single => [single],
        null => [],
    };

    /// <summary>A member that is a string; what a number says as text.</summary>
    public static string? FindText(this JsonElement element, string name) => element.Find(name) switch
    {
        { ValueKind: JsonValueKind.String } text => Text(text),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    /// <summary>A count that is at least 0, also when it came as text or as a fraction.</summary>
    public static long? FindCount(this JsonElement element, string name) =>
        double.TryParse(element.FindText(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var count) && count is >= 0 and <= long.MaxValue
            ? (long)count
            : null;

    /// <summary>A JSON string, also one that holds half of a surrogate pair: the other half may be in the next piece.</summary>
    public static string Text(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(text)[1..^1]));
        }
    }

    // The parser has checked it: each backslash begins an escape that is whole.
    private static string Unescape(string escaped)
    {
        var text = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\')
            {
                text.Append(escaped[i]);
                continue;
            }

            i++;
            text.Append(escaped[i] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => (char)ushort.Parse(escaped.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                var itself => itself,
            });
            i += escaped[i] == 'u' ? 4 : 0;
        }

        return text.ToString();
    }
}
