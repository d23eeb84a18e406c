using System.Globalization;
using System.Text.Json;

namespace ChatBackend.Agents.Tools;

/// <summary>What a JSON schema asks for, read and in words.</summary>
internal static class SchemaWords
{
    private const int MaxExcerpt = 60;
    private const int MaxValues = 20;
    private const int MaxChoices = 6;

    /// <summary>What stands in the same document where a schema refers to; null when it refers to nothing there.</summary>
    public static JsonElement? Resolve(JsonElement root, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("$ref", out var reference) || reference.ValueKind != JsonValueKind.String
            || reference.GetString() is not ['#', .. var pointer])
        {
            return null;
        }

        var at = root;
        foreach (var step in pointer.Split('/').Skip(1).Select(step => Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(step, out var member))
            {
                at = member;
            }
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength())
            {
                at = at[index];
            }
            else
            {
                return null;
            }
        }

        return at;
    }

    public static IReadOnlyList<string> Types(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type))
        {
            return [];
        }

        return type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString()!],
            JsonValueKind.Array => [.. type.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)],
            _ => [],
        };
    }

    /// <summary>Such as "an integer from 1 to 14"; "a value" where the schema does not say.</summary>
    public static string Describe(JsonElement root, JsonElement schema, int depth = 0)
    {
        if (depth > MaxChoices || schema.ValueKind != JsonValueKind.Object)
        {
            return "a value";
        }

        if (schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array)
        {
            return $"one of {string.Join(", ", values.EnumerateArray().Take(MaxValues).Select(Excerpt))}{(values.GetArrayLength() > MaxValues ? ", …" : "")}";
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            return Excerpt(constant);
        }

        if (Types(schema) is { Count: > 0 } types)
        {
            return $"{string.Join(" or ", types.Select(Name))}{Bounds(schema)}";
        }

        if (Resolve(root, schema) is { } referred)
        {
            return Describe(root, referred, depth + 1);
        }

        return schema.TryGetProperty("anyOf", out var choices) || schema.TryGetProperty("oneOf", out choices)
            ? string.Join(" or ", choices.EnumerateArray().Take(MaxChoices).Select(choice => Describe(root, choice, depth + 1)).Distinct())
            : "a value";
    }

    /// <summary>What came, short enough for a sentence.</summary>
    public static string Excerpt(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return "an object";
            case JsonValueKind.Array:
                return string.Create(CultureInfo.InvariantCulture, $"an array of {value.GetArrayLength()}");
            case JsonValueKind.String:
                return $"\"{Cut(value.GetString()!, MaxExcerpt)}\"";
            default:
                return Cut(value.GetRawText(), MaxExcerpt);
        }
    }

    /// <summary>At most so many UTF-16 code units of a text, and no half character.</summary>
    public static string Cut(string text, int max) => text.Length <= max ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[max - 1]) ? max - 1 : max)}…";

    /// <summary>NaN, which no number is beyond, when it is not there.</summary>
    public static double Number(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetDouble(out var value) ? value : double.NaN;

    private static string Bounds(JsonElement schema)
    {
        var (least, most) = (Bound(schema, "minimum"), Bound(schema, "maximum"));
        var range = (least, most) is ({ }, { })
            ? $" from {least} to {most}"
            : Together(Words(" of at least ", least), Words(" over ", Bound(schema, "exclusiveMinimum")), Words(" of at most ", most), Words(" below ", Bound(schema, "exclusiveMaximum")));
        return range
            + Together(Words(" of at least ", Bound(schema, "minLength"), " characters"), Words(" of at most ", Bound(schema, "maxLength"), " characters"))
            + Together(Words(" of at least ", Bound(schema, "minItems"), " items"), Words(" of at most ", Bound(schema, "maxItems"), " items"));
    }

    private static string Together(params string?[] words) => string.Join(" and", words.OfType<string>());

    private static string? Words(string words, string? bound, string unit = "") => bound is null ? null : $"{words}{bound}{unit}";

    private static string? Bound(JsonElement schema, string keyword) =>
        Number(schema, keyword) is var number && double.IsNaN(number) ? null : number.ToString(CultureInfo.InvariantCulture);

    private static string Name(string type) => type switch
    {
        "string" => "a string",
        "number" => "a number",
        "integer" => "an integer",
        "boolean" => "true or false",
        "object" => "an object",
        "array" => "an array",
        _ => type,
    };
}
