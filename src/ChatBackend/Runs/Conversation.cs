using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Runs;

/// <summary>What the model is shown: the thread's last exchanges, each message directly before its answer, and the message to answer. Nothing that was replaced.</summary>
internal sealed partial class Conversation(IEventLog log, IOptions<RunOptions> options, TimeProvider clock, ILogger<Conversation> logger)
{
    private const int PageEvents = 512;
    private const int PageBytes = 1024 * 1024;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <returns>For a run that goes on, all it has done itself as well, and last the call it waits to be decided on.</returns>
    public async Task<List<ChatMessage>> OfAsync(RunStart start, Agent agent, CancellationToken cancellationToken)
    {
        var exchanges = new Exchanges();
        foreach (var happened in await EventsBeforeAsync(start, cancellationToken))
        {
            exchanges.Add(happened);
        }

        var earlier = exchanges.Messages();
        exchanges.Begin(start.Answers);
        if (start.Resumes is not null)
        {
            // Its own, whatever became of its message since: it goes on with the call that it ended at.
            foreach (var happened in await EventsSinceAsync(start, cancellationToken))
            {
                if (happened is UserMessage || (happened is RunEvent ofRun && ofRun.RunId == start.Run))
                {
                    exchanges.Add(happened);
                }
            }
        }

        List<ChatMessage> instructions = agent.Instructions is { Length: > 0 } text ? [new ChatMessage(ChatRole.System, text)] : [];
        return [.. instructions, .. earlier, .. exchanges.Current!.Messages()];
    }

    private async Task<List<ThreadEvent>> EventsBeforeAsync(RunStart start, CancellationToken cancellationToken)
    {
        var window = options.Value.HistoryEvents;
        var events = new List<ThreadEvent>();
        var before = start.StartSeq;
        do
        {
            // The message itself may lie further back than the window when many waited with it.
            var page = await ReadAsync(() => log.ReadBackAsync(start.Thread, before, Math.Clamp(window, 1, PageEvents), cancellationToken), cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            events.InsertRange(0, page.Select(Decode));
            before = page[0].Seq;
        }
        while (CountShown(events) < window || !events.Any(happened => happened is UserMessage message && message.MessageId == start.Answers));

        return events;
    }

    /// <summary>A long answer that was made again must not hide what was said before it.</summary>
    private static int CountShown(List<ThreadEvent> events)
    {
        var replaced = events.OfType<ThreadRewound>().Select(rewound => (From: rewound.ToSeq, To: rewound.Seq)).ToList();
        return replaced.Count == 0 ? events.Count : events.Count(happened => !replaced.Exists(range => happened.Seq > range.From && happened.Seq < range.To));
    }

    private async Task<List<ThreadEvent>> EventsSinceAsync(RunStart start, CancellationToken cancellationToken)
    {
        var events = new List<ThreadEvent>();
        var after = start.StartSeq;
        while (await ReadAsync(() => log.ReadAsync(start.Thread, after, PageEvents, PageBytes, cancellationToken), cancellationToken) is { Count: > 0 } page)
        {
            events.AddRange(page.Select(Decode));
            after = page[^1].Seq;
        }

        return events;
    }

    /// <summary>A store that is away for a moment is no reason to fail: the run waits for it, within its time.</summary>
    private async Task<IReadOnlyList<StoredEvent>> ReadAsync(Func<Task<IReadOnlyList<StoredEvent>>> read, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await read();
            }
            catch (LogUnavailableException away)
            {
                NotRead(away);
                await Task.Delay(Retry, clock, cancellationToken);
            }
        }
    }

    private static ThreadEvent Decode(StoredEvent stored) => (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span);

    [LoggerMessage(LogLevel.Warning, "The store is away; the run waits to read its thread")]
    private partial void NotRead(Exception away);
}
