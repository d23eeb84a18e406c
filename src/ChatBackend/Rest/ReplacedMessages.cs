using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Rest;

/// <summary>Which messages of a thread count no more: those that are not on the active path, and those that were taken back.</summary>
internal sealed class ReplacedMessages
{
    private readonly ActivePath _path = new();
    private readonly HashSet<MessageId> _removed = [];

    /// <summary>User messages between the two are not on the active path.</summary>
    public IReadOnlyList<MessageSpan> Spans => _path.Replaced;

    public bool Holds(UserMessage message) => _removed.Contains(message.MessageId) || !_path.Contains(message.Seq);

    public static async Task<ReplacedMessages> ReadAsync(ThreadId thread, IAsyncEnumerable<StoredEvent> events)
    {
        var replaced = new ReplacedMessages();
        await foreach (var stored in events)
        {
            if (stored.ChangesPath() || stored.IsOf("message_removed"u8))
            {
                replaced.Add(stored.Decode(thread));
            }
        }

        return replaced;
    }

    private void Add(ThreadEvent threadEvent)
    {
        if (!_path.Apply(threadEvent) && threadEvent is MessageRemoved removed)
        {
            _removed.Add(removed.MessageId);
        }
    }
}
