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

    public static bool IsEntering(ChatMessage message) => message.AdditionalProperties?.ContainsKey(Entering) is true;

    /// <summary>Looks at the end of the conversation only: how long it is costs nothing.</summary>
    public static Turn Of(IEnumerable<ChatMessage> conversation)
    {
        var messages = conversation as IReadOnlyList<ChatMessage> ?? [.. conversation];
        var first = LastQuestion(messages, messages.Count);
        while (first > 0 && IsEntering(messages[first]))
        {
            var before = LastQuestion(messages, first);
            // A step that called nothing has answered all that was there.
            if (before < 0 || Between(messages, before + 1, first).Any(EndsAnswer))
            {
                break;
            }

            first = before;
        }

        var turn = Between(messages, Math.Max(first, 0), messages.Count).ToList();
        return new Turn(
            [.. turn.Where(message => message.Role == ChatRole.User).Select(message => message.Text)],
            [.. turn.Where(message => message.Role != ChatRole.User).SelectMany(message => message.Contents)]);
    }

    private static int LastQuestion(IReadOnlyList<ChatMessage> messages, int before)
    {
        var at = before - 1;
        while (at >= 0 && messages[at].Role != ChatRole.User)
        {
            at--;
        }

        return at;
    }

    private static IEnumerable<ChatMessage> Between(IReadOnlyList<ChatMessage> messages, int from, int to) =>
        Enumerable.Range(from, to - from).Select(at => messages[at]);

    private static bool EndsAnswer(ChatMessage message) =>
        message.Role == ChatRole.Assistant && !message.Contents.Any(content => content is FunctionCallContent);
}
