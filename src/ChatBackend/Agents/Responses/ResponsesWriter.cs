using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ChatBackend.Agents.Completions;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Responses;

/// <summary>Writes the body of a request. The same conversation gives the same bytes.</summary>
internal static class ResponsesWriter
{
    /// <summary>What thinking is asked for as; a model that does not think refuses it by this name.</summary>
    public const string Thinking = "encrypted";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, ChatOptions? options, bool asksForThinking)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            json.WriteStartObject();
            Member(json, endpoint, "model", () => json.WriteStringValue(endpoint.Settings.Model));
            json.WriteStartArray("input");
            foreach (var message in messages)
            {
                Write(json, message);
            }

            json.WriteEndArray();
            WriteTools(json, endpoint, messages, options?.Tools?.OfType<AIFunctionDeclaration>().ToList() ?? []);
            Member(json, endpoint, "stream", () => json.WriteBooleanValue(endpoint.Settings.Stream));
            Member(json, endpoint, "store", () => json.WriteBooleanValue(false));
            if (asksForThinking)
            {
                Member(json, endpoint, "include", () =>
                {
                    json.WriteStartArray();
                    json.WriteStringValue("reasoning.encrypted_content");
                    json.WriteEndArray();
                });
            }

            WriteSettings(json, endpoint, options);
            foreach (var (name, value) in endpoint.ExtraBody)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Member(Utf8JsonWriter json, ModelEndpoint endpoint, string name, Action write)
    {
        if (endpoint.Sends(name))
        {
            json.WritePropertyName(name);
            write();
        }
    }

    // One item for each text, call and result, in their order.
    private static void Write(Utf8JsonWriter json, ChatMessage message)
    {
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextReasoningContent { ProtectedData: { Length: > 0 } item }:
                    json.WriteRawValue(item);
                    break;
                case TextContent { Text.Length: > 0 } text:
                    json.WriteStartObject();
                    json.WriteString("role", message.Role.Value);
                    json.WriteString("content", text.Text);
                    json.WriteEndObject();
                    break;
                case FunctionCallContent call:
                    json.WriteStartObject();
                    json.WriteString("type", "function_call");
                    json.WriteString("call_id", call.CallId);
                    json.WriteString("name", RequestWriter.LegalName(call.Name));
                    json.WriteString("arguments", CallArguments.Text(call));
                    json.WriteEndObject();
                    break;
                case FunctionResultContent result:
                    json.WriteStartObject();
                    json.WriteString("type", "function_call_output");
                    json.WriteString("call_id", result.CallId);
                    json.WriteString("output", result.Result as string ?? JsonSerializer.Serialize(result.Result, AIJsonUtilities.DefaultOptions));
                    json.WriteEndObject();
                    break;
            }
        }
    }

    private static void WriteTools(Utf8JsonWriter json, ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, List<AIFunctionDeclaration> tools)
    {
        if (tools.Count == 0 || !endpoint.Sends("tools"))
        {
            return;
        }

        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            json.WriteBoolean("strict", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (ToolDemand.Of(endpoint.Settings, messages, tools) is { } demand)
        {
            Member(json, endpoint, "tool_choice", () =>
            {
                if (demand.Tool is null)
                {
                    json.WriteStringValue(demand.Word);
                    return;
                }

                json.WriteStartObject();
                json.WriteString("type", "function");
                json.WriteString("name", demand.Tool);
                json.WriteEndObject();
            });
        }

        if (endpoint.Settings.ParallelToolCalls is { } parallel)
        {
            Member(json, endpoint, "parallel_tool_calls", () => json.WriteBooleanValue(parallel));
        }
    }

    private static void WriteSettings(Utf8JsonWriter json, ModelEndpoint endpoint, ChatOptions? options)
    {
        void Number(string name, decimal? value)
        {
            if (value is { } number)
            {
                Member(json, endpoint, name, () => json.WriteNumberValue(number));
            }
        }

        var settings = endpoint.Settings;
        Number("temperature", (decimal?)settings.Temperature ?? (decimal?)options?.Temperature);
        Number("top_p", (decimal?)settings.TopP ?? (decimal?)options?.TopP);
        Number("max_output_tokens", settings.MaxTokens ?? settings.MaxCompletionTokens ?? options?.MaxOutputTokens);
        if (settings.ReasoningEffort is { } effort)
        {
            Member(json, endpoint, "reasoning", () =>
            {
                json.WriteStartObject();
                json.WriteString("effort", effort);
                json.WriteString("summary", "auto");
                json.WriteEndObject();
            });
        }
    }
}
