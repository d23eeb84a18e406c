using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Responses;

/// <summary>Writes the body of a request. The same conversation gives the same bytes.</summary>
internal static class ResponsesWriter
{
    /// <summary>What thinking is asked for as; a model that does not think refuses it by this name.</summary>
    public const string Thinking = "encrypted";

    public static byte[] Write(ModelEndpoint endpoint, IReadOnlyList<ChatMessage> messages, ChatOptions? options, bool asksForThinking) => RequestBody.Write(endpoint, body =>
    {
        body.Member("model", endpoint.Settings.Model);
        body.Json.WriteStartArray("input");
        foreach (var message in messages)
        {
            Write(body.Json, message);
        }

        body.Json.WriteEndArray();
        if (options?.Tools?.OfType<AIFunctionDeclaration>().ToList() is { Count: > 0 } tools && endpoint.Sends("tools"))
        {
            WriteTools(body, endpoint.Settings, messages, tools);
        }

        body.Member("stream", endpoint.Settings.Stream);
        body.Member("store", false);
        if (asksForThinking)
        {
            body.Member("include", () =>
            {
                body.Json.WriteStartArray();
                body.Json.WriteStringValue("reasoning.encrypted_content");
                body.Json.WriteEndArray();
            });
        }

        WriteSettings(body, endpoint.Settings, options);
    });

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
                    json.WriteString("name", ToolCallText.NameOf(call));
                    json.WriteString("arguments", ToolCallText.ArgumentsOf(call));
                    json.WriteEndObject();
                    break;
                case FunctionResultContent result:
                    json.WriteStartObject();
                    json.WriteString("type", "function_call_output");
                    json.WriteString("call_id", result.CallId);
                    json.WriteString("output", ToolCallText.ResultOf(result));
                    json.WriteEndObject();
                    break;
            }
        }
    }

    private static void WriteTools(RequestBody body, ModelEndpointOptions settings, IReadOnlyList<ChatMessage> messages, List<AIFunctionDeclaration> tools)
    {
        var json = body.Json;
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
        ToolDemand.Of(settings, messages, tools)?.WriteTo(body, inside: null);
        body.Member("parallel_tool_calls", settings.ParallelToolCalls);
    }

    private static void WriteSettings(RequestBody body, ModelEndpointOptions settings, ChatOptions? options)
    {
        body.Member("temperature", (decimal?)settings.Temperature ?? (decimal?)options?.Temperature);
        body.Member("top_p", (decimal?)settings.TopP ?? (decimal?)options?.TopP);
        body.Member("max_output_tokens", settings.MaxTokens ?? settings.MaxCompletionTokens ?? options?.MaxOutputTokens);
        if (settings.ReasoningEffort is { } effort)
        {
            body.Member("reasoning", () =>
            {
                body.Json.WriteStartObject();
                body.Json.WriteString("effort", effort);
                body.Json.WriteString("summary", "auto");
                body.Json.WriteEndObject();
            });
        }
    }
}
