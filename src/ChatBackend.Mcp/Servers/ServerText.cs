using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ChatBackend.Mcp.Servers;

/// <summary>Text that a server wrote, made fit for models, people and logs.</summary>
internal static class ServerText
{
    /// <summary>Without secrets and without characters that are not seen, in which a description hides what only the model reads.</summary>
    public static string Clean(string text, SecretMask mask, int maxLength)
    {
        var visible = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in mask.Apply(text).EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned))
            {
                visible.Append(rune);
            }
        }

        return Cut(visible.ToString().Trim(), maxLength);
    }

    public static string Cut(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        return $"{text.AsSpan(0, char.IsHighSurrogate(text[maxLength - 2]) ? maxLength - 2 : maxLength - 1)}…";
    }

    /// <summary>The same JSON with each of its strings changed, those in names of members too.</summary>
    public static JsonNode? Map(JsonNode? node, Func<string, string> change)
    {
        switch (node)
        {
            case JsonObject members:
                var mapped = new JsonObject();
                foreach (var (name, value) in members)
                {
                    mapped[change(name)] = Map(value, change);
                }

                return mapped;
            case JsonArray items:
                return new JsonArray([.. items.Select(item => Map(item, change))]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                return JsonValue.Create(change(text));
            default:
                return node?.DeepClone();
        }
    }
}
