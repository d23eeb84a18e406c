using ChatBackend.Protocol;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Whether an event still counts: messages that others took the place of and those that were taken back do not, nor does what answers them.</summary>
internal sealed class SqliteReplaced(SqliteReadConnection log)
{
    private readonly Dictionary<long, List<(long After, long Before)>> _spans = [];

    public bool Holds(long threadKey, ThreadEvent threadEvent)
    {
        var spans = SpansOf(threadKey);
        return threadEvent switch
        {
            UserMessage message => IsIn(spans, message.Seq),
            RunEvent ofRun when spans.Exists(span => span.After < ofRun.Seq) => Answers(threadKey, ofRun).Exists(seq => IsIn(spans, seq)),
            _ => false,
        };
    }

    private static bool IsIn(List<(long After, long Before)> spans, long seq) => spans.Exists(span => seq > span.After && seq < span.Before);

    private List<(long After, long Before)> SpansOf(long threadKey)
    {
        if (!_spans.TryGetValue(threadKey, out var spans))
        {
            spans = _spans[threadKey] = log.List(
                "SELECT after_seq, before_seq FROM replaced WHERE thread_key = ?1", row => (row.GetInt64(0), row.GetInt64(1)), threadKey);
        }

        return spans;
    }

    /// <summary>Where the messages stand that the event's run had taken in by then: the one it was started for, and those that it was steered by.</summary>
    private List<long> Answers(long threadKey, RunEvent ofRun)
    {
        var messages = new List<MessageId>();
        using (var rows = log.Query("SELECT json FROM events WHERE thread_key = ?1 AND seq < ?2 ORDER BY seq DESC", threadKey, ofRun.Seq))
        {
            while (rows.Read())
            {
                log.Limit?.ThrowIfOver();
                ReadOnlySpan<byte> json = rows.Event(0);
                if (json.StartsWith("{\"type\":\"message_steered\""u8) && WireJson.DecodeServerFrame(json) is MessageSteered steered && steered.RunId == ofRun.RunId)
                {
                    messages.Add(steered.MessageId);
                }
                else if (json.StartsWith("{\"type\":\"agent_started\""u8) && WireJson.DecodeServerFrame(json) is AgentStarted started && started.RunId == ofRun.RunId)
                {
                    messages.Add(started.MessageId);
                    break;
                }
            }
        }

        return messages.ConvertAll(message => log.First(
            "SELECT seq FROM event_ids WHERE thread_key = ?1 AND id = ?2", row => row.GetInt64(0), threadKey, message.Value));
    }
}
