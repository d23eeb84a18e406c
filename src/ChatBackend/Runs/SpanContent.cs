using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>What people, models and tools said, in spans: only where <see cref="RunOptions.TraceContent"/> is on and someone listens, and of a bounded length.</summary>
internal static class SpanContent
{
    public const int MaxText = 4000; // characters of one text, of the arguments of a call, of a result
    public const int MaxMessages = 32_000; // characters of texts in all messages together, the newest first

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>The span, if it is to have content.</returns>
    public static Activity? WithContent(this Activity? span, RunOptions options) => options.TraceContent && span is { IsAllDataRequested: true } ? span : null;

    /// <summary>What a model is sent.</summary>
    public static void AddRequest(this Activity span, IEnumerable<ChatMessage> conversation)
    {
        var all = conversation.ToLookup(message => message.Role == ChatRole.System);
        var instructions = all[true].SelectMany(Parts).Select(part => part.Json).ToArray();
        if (instructions.Length > 0)
        {
            span.SetTag("gen_ai.system_instructions", new JsonArray(instructions).ToJsonString(Readable));
        }

        var left = MaxMessages;
        var messages = new List<JsonNode>();
        foreach (var message in all[false].Reverse())
        {
            var parts = Parts(message);
            left -= parts.Sum(part => part.Length);
            if (left < 0)
            {
                break;
            }

            messages.Add(Json(message.Role, parts));
        }

        messages.Reverse();
        span.SetTag("gen_ai.input.messages", new JsonArray([.. messages]).ToJsonString(Readable));
    }

    /// <summary>What the model answered, with the end that the span has.</summary>
    public static void AddAnswer(this Activity span, ChatMessage answer)
    {
        var message = Json(ChatRole.Assistant, Parts(answer));
        if (span.GetTagItem("gen_ai.response.finish_reasons") is string[] { Length: > 0 } reasons)
        {
            message["finish_reason"] = reasons[0];
        }

        span.SetTag("gen_ai.output.messages", new JsonArray(message).ToJsonString(Readable));
    }

    public static void AddArguments(this Activity span, JsonElement arguments) => span.SetTag("gen_ai.tool.call.arguments", Cut(arguments.GetRawText()));

    public static void AddResult(this Activity span, ToolCompleted completed) => span.SetTag("gen_ai.tool.call.result", Cut(completed.Result?.GetRawText() ?? completed.Error ?? ""));

    private static JsonObject Json(ChatRole role, List<(JsonNode Json, int Length)> parts) => new() { ["role"] = role.Value, ["parts"] = new JsonArray([.. parts.Select(part => part.Json)]) };

    private static List<(JsonNode Json, int Length)> Parts(ChatMessage message) => [.. message.Contents.Select(Part).OfType<(JsonNode, int)>()];

    private static (JsonNode Json, int Length)? Part(AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                return Said("text", text.Text);
            case TextReasoningContent thought:
                return Said("reasoning", thought.Text);
            case FunctionCallContent call:
                var arguments = Cut(JsonSerializer.Serialize(call.Arguments, AIJsonUtilities.DefaultOptions));
                return (new JsonObject { ["type"] = "tool_call", ["id"] = call.CallId, ["name"] = call.Name, ["arguments"] = arguments }, arguments.Length);
            case FunctionResultContent result:
                var response = Cut(result.Result as string ?? JsonSerializer.Serialize(result.Result, AIJsonUtilities.DefaultOptions));
                return (new JsonObject { ["type"] = "tool_call_response", ["id"] = result.CallId, ["response"] = response }, response.Length);
            default:
                return null;
        }
    }

    private static (JsonNode Json, int Length) Said(string type, string text)
    {
        var shown = Cut(text);
        return (new JsonObject { ["type"] = type, ["content"] = shown }, shown.Length);
    }

    private static string Cut(string text)
    {
        if (text.Length <= MaxText)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText;
        return $"{text.AsSpan(0, end)}… ({text.Length - end} more characters)";
    }
}
