using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>Writes the body of a request, in the order and the forms that strict servers take. The same conversation gives the same bytes.</summary>
internal static partial class RequestWriter
{
    /// <summary>The member by which counts are asked for; not every endpoint knows it.</summary>
    public const string StreamOptions = "stream_options";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Messages and tools stand before what changes from request to request, as caches of providers look at the beginning.
    public static byte[] Write(string model, IReadOnlyList<ChatMessage> messages, ChatOptions? options, bool asksForCounts)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteStartArray("messages");
            foreach (var message in messages)
            {
                Write(json, message);
            }

            json.WriteEndArray();
            Write(json, options?.Tools?.OfType<AIFunctionDeclaration>().ToList() ?? []);
            json.WriteBoolean("stream", true);
            if (asksForCounts)
            {
                json.WriteStartObject(StreamOptions);
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }

            WriteSettings(json, options);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ChatMessage message)
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

        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            calls.ForEach(call => Write(json, call));
            json.WriteEndArray();
        }

        json.WriteEndObject();
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
        if (call.AdditionalProperties?.TryGetValue("extra_content", out var extra) is true && extra is JsonElement element)
        {
            json.WritePropertyName("extra_content");
            element.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, List<AIFunctionDeclaration> tools)
    {
        if (tools.Count == 0)
        {
            return; // an empty list is refused
        }

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

    private static void WriteSettings(Utf8JsonWriter json, ChatOptions? options)
    {
        void Number(string name, decimal? value)
        {
            if (value is { } number)
            {
                json.WriteNumber(name, number);
            }
        }

        Number("temperature", (decimal?)options?.Temperature);
        Number("top_p", (decimal?)options?.TopP);
        Number("max_tokens", options?.MaxOutputTokens);
        Number("seed", options?.Seed);
        if (options?.StopSequences is { Count: > 0 } stop)
        {
            json.WriteStartArray("stop");
            foreach (var text in stop)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }
    }

    private static string LegalName(string name)
    {
        var legal = Illegal().Replace(name, "_");
        return legal.Length is > 0 and <= 64 ? legal : legal.Length == 0 ? "unknown" : legal[..64];
    }

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex Illegal();
}
