using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Rest;

/// <summary>Which messages of a thread count no more: those that others took the place of, and those that were taken back.</summary>
internal sealed class ReplacedMessages
{
    private readonly List<(long AfterSeq, long BeforeSeq)> _spans = [];
    private readonly HashSet<MessageId> _removed = [];

    /// <summary>User messages between the two are replaced.</summary>
    public IReadOnlyList<(long AfterSeq, long BeforeSeq)> Spans => _spans;

    public bool Holds(UserMessage message) =>
        _removed.Contains(message.MessageId) || _spans.Exists(span => message.Seq > span.AfterSeq && message.Seq < span.BeforeSeq);

    public static async Task<ReplacedMessages> ReadAsync(ThreadId thread, IAsyncEnumerable<StoredEvent> events)
    {
        var replaced = new ReplacedMessages();
        await foreach (var stored in events)
        {
            // The type stands first in what the server writes. Few events are of these, and decoding all would be most of the work.
            if (stored.Json.Span.StartsWith("{\"type\":\"thread_rewound\""u8) || stored.Json.Span.StartsWith("{\"type\":\"message_removed\""u8))
            {
                replaced.Add(stored.Decode(thread));
            }
        }

        return replaced;
    }

    private void Add(ThreadEvent threadEvent)
    {
        switch (threadEvent)
        {
            case ThreadRewound rewound:
                _spans.Add((rewound.ToSeq, rewound.Seq));
                break;
            case MessageRemoved removed:
                _removed.Add(removed.MessageId);
                break;
        }
    }
}
