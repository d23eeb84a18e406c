using System.Text.Json;

namespace ChatBackend.Agents.Script;

/// <summary>A message of the form <c>{"steps":[…]}</c>; <see cref="ScriptStep"/> says which steps there are.</summary>
internal sealed record Scenario(IReadOnlyList<ScriptStep> Steps)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="FormatException">It is not a scenario; the message says why, for people.</exception>
    public static Scenario Parse(string message)
    {
        try
        {
            var json = JsonElement.Parse(message, Strict);
            if (json.ValueKind != JsonValueKind.Object
                || !json.TryGetProperty("steps", out var steps)
                || steps.ValueKind != JsonValueKind.Array
                || json.EnumerateObject().Count() != 1)
            {
                throw new FormatException("it is not an object with the one member steps, an array");
            }

            return new Scenario([.. steps.EnumerateArray().Select(StepReader.Read)]);
        }
        catch (JsonException)
        {
            throw new FormatException("it is not JSON, or names a member twice");
        }
    }

    /// <summary>The steps that come after so many tools.</summary>
    public IEnumerable<ScriptStep> After(int tools)
    {
        var next = 0;
        for (; tools > 0 && next < Steps.Count; next++)
        {
            tools -= Steps[next] is ScriptStep.ToolCall ? 1 : 0;
        }

        return Steps.Skip(next);
    }
}
