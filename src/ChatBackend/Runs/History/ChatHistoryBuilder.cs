using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Runs.History;

/// <param name="From">The oldest message that is to be shown further on: what is before it has to be summed up; null when nothing has.</param>
internal readonly record struct ShownHistory(List<ChatMessage> Messages, MessageId? From);

/// <summary>
/// What the model is shown: the thread's last exchanges, each message directly before its answer, and the message to answer. Nothing that was replaced.
/// A run adds to what the thread's last one was shown; the log is read for what is in no memory, and shows the same.
/// </summary>
internal sealed partial class ChatHistoryBuilder(
    IEventLog log, ChatHistoryCache historyCache, IOptions<RunOptions> options, TimeProvider clock, ILogger<ChatHistoryBuilder> logger)
{
    private const int PageEvents = 512;
    private const int LeastPageEvents = 64;
    private const int PageBytes = 1024 * 1024;
    private const int MostEventsToSummarize = 8192; // before the window, that are read for the first summary of a long thread
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    /// <summary>Retention lets nothing go that is younger.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromDays(1);

    /// <returns>For a run that goes on, all it has done itself as well, with the calls it waits to be decided on.</returns>
    public async Task<ShownHistory> OfAsync(RunRequest start, Agent agent, CancellationToken cancellationToken)
    {
        var window = agent.IsShownHistory ? options.Value.HistoryEvents : 0;
        ChatHistory? kept = null;
        var place = window > 0 ? historyCache.Take(start.Thread, out kept) : null;
        var summarizes = agent.Summarizes && window > 0;
        var history = await UpToStartAsync(start, kept, window, summarizes ? agent.Name : null, cancellationToken);
        if (start.Resumes.Count > 0)
        {
            // Its own, also when its message was replaced since: it goes on with the call that it ended at.
            foreach (var (threadEvent, record) in await EventsSinceAsync(start, cancellationToken))
            {
                if (threadEvent is UserMessage || (threadEvent is RunEvent ofRun && ofRun.RunId == start.Run))
                {
                    history.Add(threadEvent, record);
                }
            }
        }

        List<ChatMessage> messages = agent.Instructions is { Length: > 0 } text ? [new ChatMessage(ChatRole.System, text)] : [];
        var begins = history.Begin(start.StartSeq, window);
        messages.AddRange(summarizes && history.SummaryFor(agent.Name) is { } summary ? [new SummaryMessage(summary)] : []);
        messages.AddRange(history.Messages(summarizes ? 0 : begins, agent.Name));
        if (place is not null && start.Resumes.Count == 0)
        {
            Keep(place, history, history.Window(start.StartSeq, window), window);
        }

        return new ShownHistory(messages, summarizes ? history.FirstFrom(begins) : null);
    }

    /// <summary>More than is shown, so that a message that is replaced uncovers what is there, and so that not every run trims.</summary>
    private void Keep(ChatHistoryCache.Place place, ChatHistory history, long begins, int window)
    {
        var spare = (window / 4) + 1;
        if (history.ReachesBackTo(begins - (2 * spare)))
        {
            history.Trim(begins - spare);
        }

        historyCache.Keep(place, history);
    }

    /// <param name="summarizing">The agent that sums up what leaves; null when it does not.</param>
    private async Task<ChatHistory> UpToStartAsync(RunRequest start, ChatHistory? kept, int window, string? summarizing, CancellationToken cancellationToken)
    {
        if (kept is not null && kept.Seq < start.StartSeq)
        {
            var missed = start.Recent(kept.Seq);
            if (!Follows(missed, kept.Seq) && start.StartSeq - kept.Seq <= PageEvents)
            {
                missed = await BackAsync(start, start.StartSeq + 1, (int)(start.StartSeq - kept.Seq), cancellationToken);
            }

            if (Follows(missed, kept.Seq)
                && await DecodedAsync(start, missed, cancellationToken) is var added && !added.Exists(kept => kept.Event is BranchSelected)
                && IsEnough(Added(kept, added, start), start, window, summarizing))
            {
                return kept;
            }
        }

        var from = Math.Max(Math.Min(start.AnswersSeq, start.StartSeq - window), 1);
        var recent = start.Recent(from - 1);
        if (Follows(recent, from - 1) && (window == 0 || clock.GetUtcNow() - recent[0].Decode(start.Thread).At < Young))
        {
            var history = HistoryOf(await DecodedAsync(start, recent, cancellationToken), start);
            if (IsEnough(history, start, window, summarizing))
            {
                return history;
            }
        }

        return await LoadAsync(start, from, window, summarizing, cancellationToken);
    }

    private async Task<ChatHistory> LoadAsync(RunRequest start, long from, int window, string? summarizing, CancellationToken cancellationToken)
    {
        var events = new List<KeptEvent>();
        for (var before = start.StartSeq + 1; ;)
        {
            // What was replaced does not count, and the message may lie further back than this writer knows: then there is more to read.
            var most = (int)Math.Clamp(before - from, LeastPageEvents, PageEvents);
            var page = await BackAsync(start, before, most, cancellationToken);
            events = OnPath([.. await DecodedAsync(start, page, cancellationToken), .. events]);
            var isAll = page.Count < most;
            before = page is [var earliest, ..] ? earliest.Seq : before;
            if (!isAll && before > from)
            {
                continue;
            }

            var history = HistoryOf(events, start);
            history.BeginAt(isAll ? 1 : before);
            if (IsEnough(history, start, window, summarizing))
            {
                return history;
            }

            if (isAll)
            {
                throw new UnreadableThreadException(start.Thread, start.AnswersSeq, $"it is not the message that {start.Run} answers.");
            }

            from = Math.Min(from, history.Window(start.StartSeq, window));
        }
    }

    /// <summary>For an agent that sums up: all that its last summary does not have.</summary>
    private static bool IsEnough(ChatHistory history, RunRequest start, int window, string? summarizing) =>
        history.Current?.Id == start.Answers
        && history.ReachesBackTo(history.Window(start.StartSeq, window))
        && (summarizing is null || history.ReachesBackTo(history.BeginFor(summarizing) ?? (start.StartSeq - window - MostEventsToSummarize)));

    private static bool Follows(IReadOnlyList<StoredEvent> events, long seq) => events is [var first, ..] && first.Seq == seq + 1;

    /// <summary>
    /// Without messages that are not on the active path and what answers them: between the messages of a branch there may be any number of others. What a run
    /// said stays until its message is read, and a message that entered a run for as long as the run does.
    /// </summary>
    private static List<KeptEvent> OnPath(List<KeptEvent> events)
    {
        var path = PathOf(events);
        var replaced = events.Select(kept => kept.Event).OfType<UserMessage>().Where(message => !path.Contains(message.Seq)).Select(message => message.MessageId).ToHashSet();
        if (replaced.Count == 0)
        {
            return events;
        }

        var runs = events.Select(kept => kept.Event).OfType<AgentStarted>().Where(started => replaced.Contains(started.MessageId)).Select(started => started.RunId).ToHashSet();
        var left = events.FindAll(kept => kept.Event is not RunEvent ofRun || !runs.Contains(ofRun.RunId));
        replaced.ExceptWith(left.Select(kept => kept.Event).OfType<MessageSteered>().Select(steered => steered.MessageId));
        return left.FindAll(kept => kept.Event is not UserMessage message || !replaced.Contains(message.MessageId));
    }

    /// <summary>A fold from the log, which knows from its last event what is on the path.</summary>
    private static ChatHistory HistoryOf(List<KeptEvent> events, RunRequest start) =>
        Added(new ChatHistory(PathOf(events.TakeWhile(kept => kept.Event.Seq <= start.StartSeq))), events, start);

    private static ActivePath PathOf(IEnumerable<KeptEvent> events)
    {
        var path = new ActivePath();
        foreach (var kept in events)
        {
            path.Apply(kept.Event);
        }

        return path;
    }

    private static ChatHistory Added(ChatHistory history, IEnumerable<KeptEvent> events, RunRequest start)
    {
        foreach (var (threadEvent, record) in events.TakeWhile(kept => kept.Event.Seq <= start.StartSeq))
        {
            history.Add(threadEvent, record);
        }

        return history;
    }

    private async Task<List<KeptEvent>> EventsSinceAsync(RunRequest start, CancellationToken cancellationToken)
    {
        var events = new List<KeptEvent>();
        var after = start.StartSeq;
        while (await ReadAsync(() => log.ReadAsync(start.Thread, after, PageEvents, PageBytes, cancellationToken), cancellationToken) is { Count: > 0 } page)
        {
            events.AddRange(await DecodedAsync(start, page, cancellationToken));
            after = page[^1].Seq;
        }

        return events;
    }

    private Task<IReadOnlyList<StoredEvent>> BackAsync(RunRequest start, long before, int most, CancellationToken cancellationToken) =>
        ReadAsync(() => log.ReadBackAsync(start.Thread, before, most, cancellationToken), cancellationToken);

    /// <summary>A store that is unavailable for a moment is not a reason to fail: the run waits for it, within its time.</summary>
    private async Task<IReadOnlyList<TRow>> ReadAsync<TRow>(Func<Task<IReadOnlyList<TRow>>> read, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(FirstRetry, LongestRetry);
        while (true)
        {
            try
            {
                return await read();
            }
            catch (LogUnavailableException ex)
            {
                NotRead(ex.Message);
                await Task.Delay(backoff.Next(), clock, cancellationToken);
            }
        }
    }

    /// <summary>Nothing is read where no event has a record: most threads have none.</summary>
    private async Task<List<KeptEvent>> DecodedAsync(RunRequest start, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        var records = events is [var first, ..] && first.Seq <= start.LastRecord
            ? (await ReadAsync(() => log.ReadRecordsAsync(start.Thread, first.Seq, events[^1].Seq, cancellationToken), cancellationToken)).ToDictionary(record => record.Seq)
            : [];
        return [.. events.Select(stored => new KeptEvent(
            stored.Decode(start.Thread), records.TryGetValue(stored.Seq, out var record) ? Decoded(record, start.Thread) : null))];
    }

    private static StepRecord Decoded(StoredRecord stored, ThreadId thread)
    {
        try
        {
            return StepRecord.Decode(stored.Json.Span);
        }
        catch (Exception ex) when (ex is JsonException or NotSupportedException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new UnreadableThreadException(thread, stored.Seq, "what is stored beside it does not decode.", ex);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The run waits to read its thread: {Reason}")]
    private partial void NotRead(string reason);

    private readonly record struct KeptEvent(ThreadEvent Event, StepRecord? Record);
}
