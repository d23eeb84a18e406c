using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Search;

/// <summary>What of an event is searched: messages, what agents said to people, and the names that people gave threads.</summary>
internal static class EventText
{
    // The type stands first in what the server writes. Most events hold no text, and decoding all would be most of the work.
    private static readonly byte[][] Searched =
    [
        .. new[] { "user_message", "agent_part", "agent_completed", "agent_stopped", "agent_failed", "thread_renamed" }
            .Select(type => System.Text.Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\"")),
    ];

    /// <returns>Null when there is nothing to search.</returns>
    /// <exception cref="JsonException">The bytes are not an event.</exception>
    public static string? Of(ReadOnlySpan<byte> json) => MayHold(json) ? Of(WireJson.DecodeServerFrame(json)) : null;

    public static string? Of(ServerFrame frame) => frame switch
    {
        UserMessage message => message.Content,
        AgentEvent { ParentRunId: not null } => null,
        AgentPart { Kind: PartKind.Text } part => part.Text,
        AgentCompleted completed => completed.Content,
        AgentStopped stopped => stopped.Content,
        AgentFailed failed => failed.Content,
        ThreadRenamed { By: RenamedBy.User } renamed => renamed.Title,
        _ => null,
    };

    private static bool MayHold(ReadOnlySpan<byte> json)
    {
        foreach (var type in Searched)
        {
            if (json.StartsWith(type))
            {
                return true;
            }
        }

        return false;
    }
}
