using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>What a provider sent beside texts and calls and wants to have back with them: members of <see cref="AIContent.AdditionalProperties"/>.</summary>
internal static class ProviderData
{
    /// <summary>Of a call, and of an answer: what goes back as it came.</summary>
    public const string Extra = "extra_content";

    public const string ReasoningContent = "reasoning_content";

    /// <summary>What thinking is marked with that came in parts of the content, as Mistral sends it.</summary>
    public const string Content = "content";

    private const string Member = "thinking_member";

    /// <summary>The members of a delta that hold thinking.</summary>
    public static readonly string[] ThinkingMembers = [ReasoningContent, "reasoning", "thinking", "reasoning_text"];

    /// <summary>Lists of what an answer was thought by, in parts that only the provider can check: OpenRouter's, and LiteLLM's of Claude.</summary>
    public static readonly string[] Lists = ["reasoning_details", "thinking_blocks"];

    // One for all pieces: a piece of thinking costs nothing more.
    private static readonly Dictionary<string, AdditionalPropertiesDictionary> Thinking =
        ThinkingMembers.Append(Content).ToDictionary(name => name, name => new AdditionalPropertiesDictionary { [Member] = name });

    public static TextReasoningContent Thought(string text, string? member) =>
        new(text) { AdditionalProperties = member is null ? null : Thinking[member] };

    /// <summary>What goes back with an answer, by the names of its members.</summary>
    public static TextReasoningContent OfAnswer(IEnumerable<KeyValuePair<string, JsonElement>> members) =>
        new("") { AdditionalProperties = new AdditionalPropertiesDictionary(members.Select(member => KeyValuePair.Create(member.Key, (object?)member.Value))) };

    /// <summary>The member that thinking came in and goes back in; null where it does not go back.</summary>
    public static string? MemberOf(TextReasoningContent thought) => thought.AdditionalProperties?.GetValueOrDefault(Member) switch
    {
        string name => name,
        JsonElement { ValueKind: JsonValueKind.String } name => name.GetString(),
        _ => null,
    };

    public static JsonElement? ExtraOf(AIContent content) => Of(content, Extra);

    public static JsonElement? Of(AIContent content, string member) => content.AdditionalProperties?.GetValueOrDefault(member) as JsonElement?;
}
