using System.Globalization;
using System.Text.Json;

namespace ChatBackend.Agents.Tools;

/// <summary>
/// Holds arguments against a tool's JSON schema, and names what is wrong in words that a model can act on. It looks at the keywords that schemas of functions
/// use: types, members, items, enumerations, ranges, lengths, choices and references. What it does not know, it lets pass: the tool looks at its arguments, too.
/// </summary>
internal sealed class ArgumentCheck
{
    private const int MaxMistakes = 5;
    private const int MaxLength = 1000;
    private const int MaxDepth = 64; // references may go round in circles

    private readonly JsonElement _root;
    private readonly List<string> _mistakes = [];

    private ArgumentCheck(JsonElement root) => _root = root;

    /// <returns>Null when nothing is wrong.</returns>
    public static string? MistakesOf(JsonElement arguments, JsonElement schema)
    {
        var check = new ArgumentCheck(schema);
        check.Check(arguments, schema, "", 0);
        return check._mistakes.Count > 0
            ? SchemaWords.Cut($"The arguments do not fit. {string.Join("; ", check._mistakes.Take(MaxMistakes))}.", MaxLength)
            : null;
    }

    private void Check(JsonElement value, JsonElement schema, string path, int depth)
    {
        if (depth > MaxDepth)
        {
            return;
        }

        if (schema.ValueKind == JsonValueKind.False)
        {
            Add(path, "is not allowed");
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (SchemaWords.Resolve(_root, schema) is { } referred)
        {
            Check(value, referred, path, depth + 1);
        }

        foreach (var part in Items(schema, "allOf"))
        {
            Check(value, part, path, depth + 1);
        }

        if (SchemaWords.Types(schema) is { Count: > 0 } types && !types.Any(type => IsOf(value, type)))
        {
            // Binding reads a string as the JSON in it where it wants no string: 42 may come as "42".
            if (Inner(value) is not { } inner || !types.Any(type => IsOf(inner, type)))
            {
                Add(path, $"expected {SchemaWords.Describe(_root, schema)}, got {SchemaWords.Excerpt(value)}");
                return;
            }

            value = inner;
        }

        CheckChoices(value, schema, path, depth);
        CheckValue(value, schema, path);
        CheckMembers(value, schema, path, depth);
        CheckItems(value, schema, path, depth);
    }

    /// <summary>One has to fit; where only one is of the right type, its mistakes are those to tell.</summary>
    private void CheckChoices(JsonElement value, JsonElement schema, string path, int depth)
    {
        List<JsonElement> choices = [.. Items(schema, "anyOf"), .. Items(schema, "oneOf")];
        if (choices.Count == 0)
        {
            return;
        }

        var candidates = new List<List<string>>();
        foreach (var choice in choices)
        {
            var check = new ArgumentCheck(_root);
            check.Check(value, choice, path, depth + 1);
            if (check._mistakes.Count == 0)
            {
                return;
            }

            if (SchemaWords.Types(SchemaWords.Resolve(_root, choice) ?? choice) is var types && types.Any(type => IsOf(value, type)))
            {
                candidates.Add(check._mistakes);
            }
        }

        if (candidates is [var only])
        {
            _mistakes.AddRange(only);
        }
        else
        {
            Add(path, $"expected {SchemaWords.Describe(_root, schema)}, got {SchemaWords.Excerpt(value)}");
        }
    }

    private void CheckValue(JsonElement value, JsonElement schema, string path)
    {
        var isWrong = (schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array && !values.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
            || (schema.TryGetProperty("const", out var constant) && !JsonElement.DeepEquals(constant, value));
        isWrong |= value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out var number) && (number < SchemaWords.Number(schema, "minimum") || number > SchemaWords.Number(schema, "maximum")
                || number <= SchemaWords.Number(schema, "exclusiveMinimum") || number >= SchemaWords.Number(schema, "exclusiveMaximum")),
            JsonValueKind.String when schema.TryGetProperty("minLength", out _) || schema.TryGetProperty("maxLength", out _) =>
                value.GetString()!.EnumerateRunes().Count() is var length && (length < SchemaWords.Number(schema, "minLength") || length > SchemaWords.Number(schema, "maxLength")),
            JsonValueKind.Array => value.GetArrayLength() is var count && (count < SchemaWords.Number(schema, "minItems") || count > SchemaWords.Number(schema, "maxItems")),
            _ => false,
        };
        if (isWrong)
        {
            Add(path, $"expected {SchemaWords.Describe(_root, schema)}, got {SchemaWords.Excerpt(value)}");
        }
    }

    private void CheckMembers(JsonElement value, JsonElement schema, string path, int depth)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var known = schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties : default;
        var isOneMissing = false;
        foreach (var required in Items(schema, "required").Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!))
        {
            if (!value.TryGetProperty(required, out _))
            {
                isOneMissing = true;
                Add(Member(path, required), $"is missing, expected {SchemaWords.Describe(_root, Find(known, required))}");
            }
        }

        var others = schema.TryGetProperty("additionalProperties", out var additional) ? additional : default;
        foreach (var member in value.EnumerateObject())
        {
            var at = Member(path, member.Name);
            if (Find(known, member.Name) is { ValueKind: not JsonValueKind.Undefined } own)
            {
                Check(member.Value, own, at, depth + 1);
            }
            else if (others.ValueKind == JsonValueKind.False || (isOneMissing && others.ValueKind != JsonValueKind.Object && known.ValueKind == JsonValueKind.Object))
            {
                Add(at, $"is not known; known are {Names(known)}");
            }
            else
            {
                Check(member.Value, others, at, depth + 1);
            }
        }
    }

    private void CheckItems(JsonElement value, JsonElement schema, string path, int depth)
    {
        if (value.ValueKind != JsonValueKind.Array || !schema.TryGetProperty("items", out var items))
        {
            return;
        }

        var at = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (_mistakes.Count >= MaxMistakes)
            {
                return;
            }

            Check(item, items, string.Create(CultureInfo.InvariantCulture, $"{path}[{at++}]"), depth + 1);
        }
    }

    private void Add(string path, string mistake) => _mistakes.Add($"{(path.Length > 0 ? path : "the whole")}: {mistake}");

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || (value.TryGetDouble(out var number) && Math.Floor(number) == number)),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    private static string Names(JsonElement members) => members.ValueKind == JsonValueKind.Object && members.EnumerateObject().Any()
        ? string.Join(", ", members.EnumerateObject().Select(member => member.Name))
        : "none";

    private static JsonElement? Inner(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(value.GetString()!);
        }
        catch (JsonException)
        {
            return null; // a string that is only one
        }
    }

    private static JsonElement Find(JsonElement members, string name) =>
        members.ValueKind == JsonValueKind.Object && members.TryGetProperty(name, out var member) ? member : default;

    private static JsonElement.ArrayEnumerator Items(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;

    private static string Member(string path, string name) => path.Length > 0 ? $"{path}.{name}" : name;
}
