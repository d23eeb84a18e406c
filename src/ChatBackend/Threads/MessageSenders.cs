using System.Collections.Immutable;
using System.Security.Claims;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>Who sent the messages of a thread that no run has answered yet, with their claims. In memory only: claims are not part of a conversation. Under the writer's lock.</summary>
internal sealed class MessageSenders
{
    private readonly Dictionary<MessageId, ClaimsPrincipal> _senders = [];

    public void Add(MessageId message, ClaimsPrincipal sender) => _senders[message] = sender;

    /// <summary>The sender of a message whose run begins; those of messages that wait no longer are forgotten.</summary>
    /// <returns>Null when the message was sent to another process.</returns>
    public ClaimsPrincipal? Take(MessageId message, ImmutableList<WaitingMessage> waiting)
    {
        _senders.Remove(message, out var sender);
        foreach (var gone in _senders.Keys.Where(known => !waiting.Exists(other => other.Id == known)).ToList())
        {
            _senders.Remove(gone);
        }

        return sender;
    }
}
