using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>What a provider sent beside texts and calls and wants to have back with them: members of <see cref="AIContent.AdditionalProperties"/>.</summary>
internal static class ProviderData
{
    /// <summary>Of a call, and of an answer: what goes back as it came.</summary>
    public const string Extra = "extra_content";

    public const string ReasoningContent = "reasoning_content";

    private const string Member = "thinking_member";

    /// <summary>The members of a delta that hold thinking.</summary>
    public static readonly string[] ThinkingMembers = [ReasoningContent, "reasoning", "thinking", "reasoning_text"];

    // One for all pieces: a piece of thinking costs nothing more.
    private static readonly Dictionary<string, AdditionalPropertiesDictionary> Thinking =
        ThinkingMembers.ToDictionary(name => name, name => new AdditionalPropertiesDictionary { [Member] = name });

    public static TextReasoningContent Thought(string text, string? member) =>
        new(text) { AdditionalProperties = member is null ? null : Thinking[member] };

    public static TextReasoningContent OfAnswer(JsonElement extra) => new("") { AdditionalProperties = new AdditionalPropertiesDictionary { [Extra] = extra } };

    /// <summary>The member that thinking came in and goes back in; null where it does not go back.</summary>
    public static string? MemberOf(TextReasoningContent thought) => thought.AdditionalProperties?.GetValueOrDefault(Member) switch
    {
        string name => name,
        JsonElement { ValueKind: JsonValueKind.String } name => name.GetString(),
        _ => null,
    };

    public static JsonElement? ExtraOf(AIContent content) => content.AdditionalProperties?.GetValueOrDefault(Extra) as JsonElement?;
}
