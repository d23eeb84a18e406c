using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>
/// A conversation as it goes to a model, and the one way to it: such that the strictest servers take it, whatever happened in its thread, and without what another model gave
/// to have back. One system message; then user and assistant in turn; each call with its result in the next message, in the order of the calls, and no result without its
/// call. The same past gives the same messages.
/// </summary>
internal static class ModelConversation
{
    private const string Between = "\n\n";
    private static readonly object NotMade = new { error = "The call was not made." };

    /// <param name="source">The model (<see cref="ModelSource"/>).</param>
    /// <param name="hasTools">One that has none is shown no calls of others: some refuse them.</param>
    public static List<ChatMessage> Of(IReadOnlyList<ChatMessage> conversation, string source, bool hasTools)
    {
        var shaped = new List<ChatMessage>(conversation.Count);
        for (var i = 0; i < conversation.Count; i++)
        {
            var given = conversation[i];
            var message = given.Role == ChatRole.Assistant && StepMessage.SourceOf(given) is { } other && other != source ? Foreign(given, hasTools) : given;
            if (message.Role == ChatRole.Tool || IsEmpty(message))
            {
                continue; // results stand with their calls
            }

            if (shaped is [.., var last] && last.Role == message.Role)
            {
                shaped[^1] = Joined(last, message);
            }
            else
            {
                shaped.Add(message);
            }

            if (message.Contents.Any(content => content is FunctionCallContent))
            {
                shaped.Add(Results(given, message, conversation, i + 1));
            }
        }

        return shaped;
    }

    /// <summary>A message of white space alone is refused by some.</summary>
    private static bool IsEmpty(ChatMessage message) => message.Role == ChatRole.Assistant
        && message.Contents.All(content => content is TextReasoningContent || (content is TextContent text && string.IsNullOrWhiteSpace(text.Text)));

    /// <summary>Its texts, and its calls under other ids.</summary>
    private static ChatMessage Foreign(ChatMessage given, bool hasTools) => new(
        given.Role,
        [.. given.Contents.Select(content => content switch
        {
            TextReasoningContent => null,
            FunctionCallContent call => hasTools ? Foreign(call) : null,
            _ => content,
        }).OfType<AIContent>()]);

    private static FunctionCallContent Foreign(FunctionCallContent call) => new(CallIds.ForAnyModel(CallIds.OwnOf(call)!.Value), call.Name, call.Arguments);

    /// <param name="given">With the ids that results have.</param>
    /// <param name="shown">With those that the model is shown.</param>
    private static ChatMessage Results(ChatMessage given, ChatMessage shown, IReadOnlyList<ChatMessage> conversation, int next)
    {
        var known = new Dictionary<string, object?>();
        for (var i = next; i < conversation.Count && conversation[i].Role != ChatRole.Assistant; i++)
        {
            foreach (var result in conversation[i].Contents.OfType<FunctionResultContent>())
            {
                known[result.CallId] = result.Result;
            }
        }

        var calls = given.Contents.OfType<FunctionCallContent>().Zip(shown.Contents.OfType<FunctionCallContent>(), (call, alias) => (call.CallId, Alias: alias.CallId));
        return new ChatMessage(ChatRole.Tool, [.. calls.Select(call => new FunctionResultContent(call.Alias, known.GetValueOrDefault(call.CallId, NotMade)))]);
    }

    /// <summary>One text where both are texts: a text that is only a separator is refused by some.</summary>
    private static ChatMessage Joined(ChatMessage first, ChatMessage second)
    {
        List<AIContent> contents = [.. first.Contents];
        IEnumerable<AIContent> more = second.Contents;
        if (contents is [.., TextContent end] && second.Contents is [TextContent begin, ..])
        {
            contents[^1] = new TextContent(end.Text + Between + begin.Text);
            more = more.Skip(1);
        }

        return new ChatMessage(first.Role, [.. contents, .. more]);
    }
}
