using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>Bytes of UTF-8 that a model is shown: in every script a better measure of tokens than characters are.</summary>
internal static class ContextSize
{
    private const int OfEach = 16; // what stands around a message, a call, a result or a tool

    public static long Of(ChatMessage message)
    {
        long size = OfEach;
        for (var i = 0; i < message.Contents.Count; i++)
        {
            size += Of(message.Contents[i]);
        }

        return size;
    }

    public static long Of(IEnumerable<AITool> tools) =>
        tools.Sum(tool => OfEach + Bytes(tool.Name) + Bytes(tool.Description) + (tool is AIFunctionDeclaration function ? Of(function.JsonSchema) : 0));

    private static long Of(AIContent content) => content switch
    {
        TextContent text => Bytes(text.Text),
        TextReasoningContent thought => Bytes(thought.Text) + Bytes(thought.ProtectedData) + (thought.AdditionalProperties?.Sum(member => Of(member.Value)) ?? 0),
        FunctionCallContent call => OfEach + Bytes(call.Name) + (call.Arguments?.Sum(argument => Bytes(argument.Key) + Of(argument.Value)) ?? 0),
        FunctionResultContent result => OfEach + Of(result.Result),
        _ => 0,
    };

    private static long Of(object? value) => value switch
    {
        null => 0,
        JsonElement json => JsonMarshal.GetRawUtf8Value(json).Length,
        _ => Bytes(value.ToString()),
    };

    private static long Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
