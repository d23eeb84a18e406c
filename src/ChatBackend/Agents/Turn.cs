using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>The messages to answer, and what has come of them in earlier steps of the same run.</summary>
/// <param name="Questions">The message that the run answers and those that entered it since; without those that were answered before the last one entered.</param>
/// <param name="Since">What was called and returned after the first of them.</param>
internal sealed record Turn(IReadOnlyList<string> Questions, IReadOnlyList<AIContent> Since)
{
    private const string Entering = "chat_backend.entering";

    public IReadOnlyList<FunctionResultContent> ToolResults { get; } = [.. Since.OfType<FunctionResultContent>()];

    /// <summary>A message that enters a run which is under way.</summary>
    public static ChatMessage MessageEntering(string text) =>
        new(ChatRole.User, text) { AdditionalProperties = new AdditionalPropertiesDictionary { [Entering] = true } };

    public static Turn Of(IEnumerable<ChatMessage> conversation)
    {
        var messages = conversation.ToList();
        var first = messages.FindLastIndex(message => message.Role == ChatRole.User);
        while (first > 0 && messages[first].AdditionalProperties?.ContainsKey(Entering) == true)
        {
            var before = messages.FindLastIndex(first - 1, message => message.Role == ChatRole.User);
            // A step that called nothing has answered all that was there.
            if (before < 0 || messages.Skip(before + 1).Take(first - before - 1).Any(EndsAnswer))
            {
                break;
            }

            first = before;
        }

        var turn = messages.Skip(Math.Max(first, 0)).ToList();
        return new Turn(
            [.. turn.Where(message => message.Role == ChatRole.User).Select(message => message.Text)],
            [.. turn.Where(message => message.Role != ChatRole.User).SelectMany(message => message.Contents)]);
    }

    private static bool EndsAnswer(ChatMessage message) =>
        message.Role == ChatRole.Assistant && !message.Contents.Any(content => content is FunctionCallContent);
}
