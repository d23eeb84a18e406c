using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;

namespace ChatBackend.Anthropic;

/// <summary>Marks what the provider is to cache: the tools and instructions, which are the same in every thread, and the conversation up to its last message.</summary>
internal static class AnthropicCache
{
    /// <returns>The same conversation: runs share messages, so that those that are marked are copies.</returns>
    public static List<ChatMessage> Marked(List<ChatMessage> conversation)
    {
        var instructions = conversation.FindLastIndex(message => message.Role == ChatRole.System);
        foreach (var place in new[] { instructions, conversation.Count - 1 }.Where(place => place >= 0).Distinct())
        {
            conversation[place] = Marked(conversation[place]);
        }

        return conversation;
    }

    private static ChatMessage Marked(ChatMessage message)
    {
        List<AIContent> contents = [.. message.Contents];
        var last = contents.FindLastIndex(content => content is TextContent { Text.Length: > 0 } or FunctionResultContent);
        if (last < 0)
        {
            return message;
        }

        contents[last] = contents[last] switch
        {
            FunctionResultContent result => new FunctionResultContent(result.CallId, result.Result) { Exception = result.Exception }.WithCacheControl(new CacheControlEphemeral()),
            var text => new TextContent(((TextContent)text).Text).WithCacheControl(new CacheControlEphemeral()),
        };
        return new ChatMessage(message.Role, contents);
    }
}
