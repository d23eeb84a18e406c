using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>A message that a run answers or answered: an exchange begins with it.</summary>
internal sealed class QuestionMessage(UserMessage asked) : ChatMessage(ChatRole.User, asked.Content)
{
    public MessageId Id => asked.MessageId;
}
