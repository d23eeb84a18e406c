using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Claims;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>Who sent the messages of a thread that no run has answered yet, with their claims, and in which trace. In memory only: neither is part of a conversation. Under the writer's lock.</summary>
internal sealed class MessageSenders
{
    private readonly Dictionary<MessageId, MessageOrigin> _origins = [];

    public void Add(MessageId message, MessageOrigin origin) => _origins[message] = origin;

    /// <summary>The trace that the run of a message will be part of; null where it is not known.</summary>
    public string? TraceIdOf(MessageId message) => _origins.GetValueOrDefault(message).TraceId;

    /// <summary>Where a message came from whose run begins; what is known of those that wait no longer is forgotten.</summary>
    /// <returns>The default when the message was sent to another process.</returns>
    public MessageOrigin Take(MessageId message, ImmutableList<WaitingMessage> waiting)
    {
        _origins.Remove(message, out var origin);
        foreach (var gone in _origins.Keys.Where(known => !waiting.Exists(other => other.Id == known)).ToList())
        {
            _origins.Remove(gone);
        }

        return origin;
    }
}

/// <param name="TraceParent">The span of the command that brought it, as W3C writes it; null where it was not traced.</param>
internal readonly record struct MessageOrigin(ClaimsPrincipal? Sender, string? TraceParent)
{
    public string? TraceId => ActivityContext.TryParse(TraceParent, null, out var context) ? context.TraceId.ToHexString() : null;
}
