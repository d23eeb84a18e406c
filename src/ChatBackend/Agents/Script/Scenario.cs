using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Agents.Script;

/// <summary>What a message tells the <c>script</c> agent to do. Exactly one of a step's kinds is set.</summary>
internal sealed record Scenario(IReadOnlyList<Step> Steps)
{
    /// <summary>Null when the text is no scenario; <paramref name="problem"/> then says why.</summary>
    public static Scenario? Read(string text, out string? problem)
    {
        try
        {
            var scenario = JsonSerializer.Deserialize(text, ScenarioJson.Default.Scenario);
            problem = scenario?.Steps
                .Select((step, i) => step.Kinds != 1 ? $"Step {i} has {step.Kinds} of say, think, tool, wait_ms and crash; it needs one."
                    : step.Arguments is { ValueKind: not JsonValueKind.Object } ? $"The arguments of step {i} are no object."
                    : null)
                .FirstOrDefault(wrong => wrong is not null);
            return problem is null ? scenario : null;
        }
        catch (JsonException wrong)
        {
            problem = $"The message is no scenario ({wrong.Path ?? "$"}).";
            return null;
        }
    }
}

/// <summary>One step.</summary>
internal sealed record Step
{
    /// <summary>Text, cut into <see cref="Chunks"/>, one every <see cref="EveryMs"/>.</summary>
    public string? Say { get; init; }

    /// <summary>Thinking, cut like <see cref="Say"/>.</summary>
    public string? Think { get; init; }

    // Not init: the generated reader would set it to 0 where it is absent.
    public int Chunks { get; set; } = 1;

    public int EveryMs { get; init; }

    /// <summary>A tool call that takes <see cref="Ms"/> and returns <see cref="Result"/>, or throws when <see cref="Fail"/>.</summary>
    public string? Tool { get; init; }

    public JsonElement? Arguments { get; init; }

    public JsonElement? Result { get; init; }

    public int Ms { get; init; }

    public bool Fail { get; init; }

    public bool Approval { get; init; }

    public int? WaitMs { get; init; }

    /// <summary>The tool or the wait goes on although it was cancelled.</summary>
    public bool IgnoreCancel { get; init; }

    /// <summary>The model throws with this message.</summary>
    public string? Crash { get; init; }

    [JsonIgnore]
    public int Kinds => new object?[] { Say, Think, Tool, WaitMs, Crash }.Count(kind => kind is not null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Scenario))]
internal sealed partial class ScenarioJson : JsonSerializerContext;
