using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>Writes the body of a request, in the order and the forms that strict servers take. The same conversation gives the same bytes.</summary>
internal static class RequestWriter
{
    /// <summary>The member by which counts are asked for; not every endpoint knows it.</summary>
    public const string StreamOptions = "stream_options";

    public const string MaxCompletionTokens = "max_completion_tokens";

    // Messages and tools stand before what changes from request to request, as caches of providers look at the beginning.
    public static byte[] Write(ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, ChatOptions? options, RequestDialect dialect) => RequestBody.Write(endpoint, body =>
    {
        body.Member("model", endpoint.Settings.Model);
        body.Json.WriteStartArray("messages");
        foreach (var message in messages)
        {
            Write(body.Json, message, dialect);
        }

        body.Json.WriteEndArray();
        if (options?.Tools?.OfType<AIFunctionDeclaration>().ToList() is { Count: > 0 } tools && endpoint.Sends("tools")) // an empty list is refused
        {
            Write(body.Json, tools);
            WriteChoice(body, endpoint.Settings, messages, tools);
        }

        WriteStream(body, endpoint.Settings, dialect);
        WriteSettings(body, endpoint.Settings, options, dialect);
    });

    private static void Write(Utf8JsonWriter json, ChatMessage message, RequestDialect dialect)
    {
        if (message.Role == ChatRole.Tool)
        {
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("tool_call_id", result.CallId);
                json.WriteString("content", ToolCallText.ResultOf(result));
                json.WriteEndObject();
            }

            return;
        }

        json.WriteStartObject();
        json.WriteString("role", message.Role.Value);
        var calls = message.Contents.OfType<FunctionCallContent>().ToList();
        if (message.Role == ChatRole.Assistant && message.Contents.Any(IsPart))
        {
            WriteParts(json, message.Contents);
        }
        else if (message.Text.Length > 0 || calls.Count == 0)
        {
            json.WriteString("content", message.Text);
        }
        else
        {
            json.WriteNull("content");
        }

        if (message.Role == ChatRole.Assistant)
        {
            WriteBack(json, message.Contents, dialect);
        }

        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            calls.ForEach(call => Write(json, call));
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static bool IsPart(AIContent content) => content is TextReasoningContent { Text.Length: > 0 } thought && ProviderData.MemberOf(thought) == ProviderData.Content;

    // {type: thinking, thinking: [{type: text, text}], closed}, {type: text, text}
    private static void WriteParts(Utf8JsonWriter json, IList<AIContent> contents)
    {
        json.WriteStartArray("content");
        foreach (var content in contents)
        {
            if (IsPart(content))
            {
                json.WriteStartObject();
                json.WriteString("type", "thinking");
                json.WriteStartArray("thinking");
                WriteText(json, ((TextReasoningContent)content).Text);
                json.WriteEndArray();
                json.WriteBoolean("closed", true);
                json.WriteEndObject();
            }
            else if (content is TextContent { Text.Length: > 0 } text)
            {
                WriteText(json, text.Text);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    // What the provider sent with the answer, in the members it came in.
    private static void WriteBack(Utf8JsonWriter json, IList<AIContent> contents, RequestDialect dialect)
    {
        var members = contents.OfType<TextReasoningContent>().Where(thought => ProviderData.MemberOf(thought) is not (null or ProviderData.Content)).ToLookup(thought => ProviderData.MemberOf(thought)!);
        foreach (var member in members)
        {
            json.WriteString(member.Key, string.Concat(member.Select(thought => thought.Text)));
        }

        if (dialect.WantsThinking && members.Count == 0)
        {
            json.WriteString(ProviderData.ReasoningContent, "");
        }

        if (contents.OfType<TextReasoningContent>().Select(ProviderData.ExtraOf).LastOrDefault(extra => extra is not null) is { } extra)
        {
            json.WritePropertyName(ProviderData.Extra);
            extra.WriteTo(json);
        }

        foreach (var name in ProviderData.Lists)
        {
            // Answers that stand together have one list.
            var lists = contents.OfType<TextReasoningContent>().Select(thought => ProviderData.Of(thought, name)).OfType<JsonElement>().ToList();
            if (lists.Count > 0)
            {
                json.WriteStartArray(name);
                lists.SelectMany(list => list.EnumerateArray()).ToList().ForEach(item => item.WriteTo(json));
                json.WriteEndArray();
            }
        }
    }

    private static void Write(Utf8JsonWriter json, FunctionCallContent call)
    {
        json.WriteStartObject();
        json.WriteString("id", call.CallId);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", ToolCallText.NameOf(call));
        json.WriteString("arguments", ToolCallText.ArgumentsOf(call));
        json.WriteEndObject();
        if (ProviderData.ExtraOf(call) is { } extra)
        {
            json.WritePropertyName(ProviderData.Extra);
            extra.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, List<AIFunctionDeclaration> tools)
    {
        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            WriteSchema(json, tool.JsonSchema);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // Lists of types are not known everywhere: what may be null is written as what it is otherwise.
    private static void WriteSchema(Utf8JsonWriter json, JsonElement schema)
    {
        switch (schema.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in schema.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    if (member.Name == "type" && member.Value.ValueKind == JsonValueKind.Array
                        && member.Value.EnumerateArray().Where(type => type.ValueKind == JsonValueKind.String && !type.ValueEquals("null")).ToList() is [var only])
                    {
                        only.WriteTo(json);
                    }
                    else
                    {
                        WriteSchema(json, member.Value);
                    }
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in schema.EnumerateArray())
                {
                    WriteSchema(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                schema.WriteTo(json);
                break;
        }
    }

    private static void WriteChoice(RequestBody body, ModelEndpointOptions settings, IReadOnlyList<ChatMessage> messages, List<AIFunctionDeclaration> tools)
    {
        ToolDemand.Of(settings, messages, tools)?.WriteTo(body, "function");
        body.Member("parallel_tool_calls", settings.ParallelToolCalls);
    }

    private static void WriteStream(RequestBody body, ModelEndpointOptions settings, RequestDialect dialect)
    {
        body.Member("stream", settings.Stream);
        if (settings.Stream && dialect.AsksForCounts)
        {
            body.Member(StreamOptions, () =>
            {
                body.Json.WriteStartObject();
                body.Json.WriteBoolean("include_usage", true);
                body.Json.WriteEndObject();
            });
        }
    }

    private static void WriteSettings(RequestBody body, ModelEndpointOptions settings, ChatOptions? options, RequestDialect dialect)
    {
        body.Member("temperature", (decimal?)settings.Temperature ?? (decimal?)options?.Temperature);
        body.Member("top_p", (decimal?)settings.TopP ?? (decimal?)options?.TopP);
        body.Member(dialect.NamesTokensNewly ? MaxCompletionTokens : "max_tokens", settings.MaxTokens ?? options?.MaxOutputTokens);
        body.Member(MaxCompletionTokens, settings.MaxCompletionTokens);
        body.Member("seed", settings.Seed ?? options?.Seed);
        body.Member("reasoning_effort", settings.ReasoningEffort);
        if ((settings.Stop.Count > 0 ? settings.Stop : options?.StopSequences) is { Count: > 0 } stop)
        {
            body.Member("stop", () =>
            {
                body.Json.WriteStartArray();
                foreach (var text in stop)
                {
                    body.Json.WriteStringValue(text);
                }

                body.Json.WriteEndArray();
            });
        }
    }
}

/// <summary>What an endpoint was found to want.</summary>
/// <param name="AsksForCounts">Whether it takes the member by which counts are asked for.</param>
/// <param name="NamesTokensNewly">Whether it wants <c>max_completion_tokens</c> where the settings say <c>max_tokens</c>.</param>
/// <param name="WantsThinking">Whether it wants thinking in every answer, also where there is none.</param>
internal readonly record struct RequestDialect(bool AsksForCounts, bool NamesTokensNewly, bool WantsThinking);
