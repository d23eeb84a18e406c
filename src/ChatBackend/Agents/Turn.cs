using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>The message to answer, and what has come of it in earlier steps of the same run.</summary>
/// <param name="Since">What was said, called and returned after the message.</param>
internal sealed record Turn(string Question, IReadOnlyList<AIContent> Since)
{
    public int ToolResults => Since.Count(content => content is FunctionResultContent);

    public static Turn Of(IEnumerable<ChatMessage> conversation)
    {
        var messages = conversation.ToList();
        var question = messages.FindLastIndex(message => message.Role == ChatRole.User);
        return question < 0
            ? new Turn("", [])
            : new Turn(messages[question].Text, [.. messages.Skip(question + 1).SelectMany(message => message.Contents)]);
    }
}
