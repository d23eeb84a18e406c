using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>Writes the body of a request, in the order and the forms that strict servers take. The same conversation gives the same bytes.</summary>
internal static partial class RequestWriter
{
    /// <summary>The member by which counts are asked for; not every endpoint knows it.</summary>
    public const string StreamOptions = "stream_options";

    public const string MaxCompletionTokens = "max_completion_tokens";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Messages and tools stand before what changes from request to request, as caches of providers look at the beginning.
    public static byte[] Write(ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, ChatOptions? options, RequestDialect dialect)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            json.WriteStartObject();
            WriteText(json, endpoint, "model", endpoint.Settings.Model);
            json.WriteStartArray("messages");
            foreach (var message in messages)
            {
                Write(json, message, dialect);
            }

            json.WriteEndArray();
            if (options?.Tools?.OfType<AIFunctionDeclaration>().ToList() is { Count: > 0 } tools && endpoint.Sends("tools")) // an empty list is refused
            {
                Write(json, tools);
                WriteChoice(json, endpoint, messages, tools);
            }

            WriteStream(json, endpoint, dialect);
            WriteSettings(json, endpoint, options, dialect);
            foreach (var (name, value) in endpoint.ExtraBody)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ChatMessage message, RequestDialect dialect)
    {
        if (message.Role == ChatRole.Tool)
        {
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("tool_call_id", result.CallId);
                json.WriteString("content", result.Result as string ?? JsonSerializer.Serialize(result.Result, AIJsonUtilities.DefaultOptions));
                json.WriteEndObject();
            }

            return;
        }

        json.WriteStartObject();
        json.WriteString("role", message.Role.Value);
        var calls = message.Contents.OfType<FunctionCallContent>().ToList();
        if (message.Text.Length > 0 || calls.Count == 0)
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

    // What the provider sent with the answer, in the members it came in.
    private static void WriteBack(Utf8JsonWriter json, IList<AIContent> contents, RequestDialect dialect)
    {
        var members = contents.OfType<TextReasoningContent>().Where(thought => ProviderData.MemberOf(thought) is not null).ToLookup(thought => ProviderData.MemberOf(thought)!);
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
    }

    private static void Write(Utf8JsonWriter json, FunctionCallContent call)
    {
        json.WriteStartObject();
        json.WriteString("id", call.CallId);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", LegalName(call.Name));
        // An object also where the model sent none: strict servers refuse the whole conversation for it.
        json.WriteString("arguments", JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions));
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

    private static void WriteChoice(Utf8JsonWriter json, ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, List<AIFunctionDeclaration> tools)
    {
        if (ToolDemand.Of(endpoint.Settings, messages, tools) is { } demand && endpoint.Sends("tool_choice"))
        {
            if (demand.Tool is null)
            {
                json.WriteString("tool_choice", demand.Word);
            }
            else
            {
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", demand.Tool);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }

        if (endpoint.Settings.ParallelToolCalls is { } parallel && endpoint.Sends("parallel_tool_calls"))
        {
            json.WriteBoolean("parallel_tool_calls", parallel);
        }
    }

    private static void WriteStream(Utf8JsonWriter json, ModelEndpoint endpoint, RequestDialect dialect)
    {
        if (endpoint.Sends("stream"))
        {
            json.WriteBoolean("stream", endpoint.Settings.Stream);
        }

        if (endpoint.Settings.Stream && dialect.AsksForCounts && endpoint.Sends(StreamOptions))
        {
            json.WriteStartObject(StreamOptions);
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
        }
    }

    private static void WriteSettings(Utf8JsonWriter json, ModelEndpoint endpoint, ChatOptions? options, RequestDialect dialect)
    {
        var settings = endpoint.Settings;
        WriteNumber(json, endpoint, "temperature", (decimal?)settings.Temperature ?? (decimal?)options?.Temperature);
        WriteNumber(json, endpoint, "top_p", (decimal?)settings.TopP ?? (decimal?)options?.TopP);
        WriteNumber(json, endpoint, dialect.NamesTokensNewly ? MaxCompletionTokens : "max_tokens", settings.MaxTokens ?? options?.MaxOutputTokens);
        WriteNumber(json, endpoint, MaxCompletionTokens, settings.MaxCompletionTokens);
        WriteNumber(json, endpoint, "seed", settings.Seed ?? options?.Seed);
        WriteText(json, endpoint, "reasoning_effort", settings.ReasoningEffort);
        if ((settings.Stop.Count > 0 ? settings.Stop : options?.StopSequences) is { Count: > 0 } stop && endpoint.Sends("stop"))
        {
            json.WriteStartArray("stop");
            foreach (var text in stop)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, ModelEndpoint endpoint, string name, decimal? value)
    {
        if (value is { } number && endpoint.Sends(name))
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteText(Utf8JsonWriter json, ModelEndpoint endpoint, string name, string? value)
    {
        if (value is not null && endpoint.Sends(name))
        {
            json.WriteString(name, value);
        }
    }

    public static string LegalName(string name)
    {
        var legal = Illegal().Replace(name, "_");
        return legal.Length is > 0 and <= 64 ? legal : legal.Length == 0 ? "unknown" : legal[..64];
    }

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex Illegal();
}

/// <summary>What an endpoint was found to want.</summary>
/// <param name="AsksForCounts">Whether it takes the member by which counts are asked for.</param>
/// <param name="NamesTokensNewly">Whether it wants <c>max_completion_tokens</c> where the settings say <c>max_tokens</c>.</param>
/// <param name="WantsThinking">Whether it wants thinking in every answer, also where there is none.</param>
internal readonly record struct RequestDialect(bool AsksForCounts, bool NamesTokensNewly, bool WantsThinking);
