using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>A message as it is stored.</summary>
internal sealed class Message
{
    public required string Id { get; init; }

    public required string ThreadId { get; init; }

    public required string Role { get; init; }

    public required string Content { get; init; }

    public required DateTimeOffset At { get; init; }

    public static Message Of(UserMessage asked) => New(asked, asked.MessageId, "user", asked.Content);

    public static Message Of(AgentCompleted answered) => New(answered, answered.MessageId, "agent", answered.Content);

    private static Message New(ThreadEvent threadEvent, MessageId id, string role, string content) =>
        new() { Id = id.Value, ThreadId = threadEvent.ThreadId.Value, Role = role, Content = content, At = threadEvent.At };
}
