using System.Collections.Concurrent;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage;

/// <summary>
/// Threads whose log cannot be read. Each costs only itself: it is refused without reading, told of once, and looked at as a whole from
/// time to time, so that one that was repaired is served again without a restart.
/// </summary>
internal sealed partial class Quarantine(IEventLog log, IThreadStore store, ChatMetrics metrics, TimeProvider clock, ILogger<Quarantine> logger)
{
    private const int PageEvents = 256;
    private const int PageBytes = 1024 * 1024;

    /// <summary>How long a thread is refused before it is looked at again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ThreadId, long> _checkedAt = new();

    /// <summary>What the owner of a thread that cannot be read is told.</summary>
    public static ProtocolException Refusal() => new(
        ErrorCode.Unavailable, "This thread cannot be read at the moment; the operator of the server has been told.",
        retryAfterMs: (int)Pause.TotalMilliseconds);

    public void Add(UnreadableThreadException ex)
    {
        if (_checkedAt.TryAdd(ex.Thread, clock.GetTimestamp()))
        {
            metrics.ThreadQuarantined();
            Quarantined(ex, ex.Thread.Value);
        }
    }

    /// <summary>Looks at a page that goes on as it is stored.</summary>
    /// <exception cref="UnreadableThreadException">The thread is in quarantine from now on.</exception>
    public void Check(ThreadId thread, IReadOnlyList<StoredEvent> page)
    {
        try
        {
            page.ThrowIfUnreadable(thread);
        }
        catch (UnreadableThreadException ex)
        {
            Add(ex);
            throw;
        }
    }

    /// <summary>Whether an event that was not found has to be there: the thread was neither deleted nor trimmed since.</summary>
    public async Task<bool> MustHoldAsync(UserId owner, ThreadId thread, long seq) =>
        await store.FindAsync(owner, thread, CancellationToken.None) is { } record && record.HistoryBegins <= seq && record.Head >= seq;

    /// <summary>Lets a verb through to a thread that can be read as far as is known.</summary>
    /// <param name="user">The user who asks; null for a call by the server itself.</param>
    /// <exception cref="UnreadableThreadException">It is in quarantine.</exception>
    /// <exception cref="LogUnavailableException"/>
    public async ValueTask AdmitAsync(ThreadId thread, UserId? user)
    {
        if (!_checkedAt.TryGetValue(thread, out var checkedAt))
        {
            return;
        }

        // The first caller after the pause checks; others are refused meanwhile.
        if (clock.GetElapsedTime(checkedAt) < Pause || !_checkedAt.TryUpdate(thread, clock.GetTimestamp(), checkedAt))
        {
            throw new UnreadableThreadException(thread, 0, "it is in quarantine.");
        }

        await CheckAsync(thread, user is { } owner ? await store.FindAsync(owner, thread, CancellationToken.None) : null);
        Release(thread);
        Released(thread.Value);
    }

    /// <summary>The thread was deleted.</summary>
    public void Release(ThreadId thread)
    {
        if (_checkedAt.TryRemove(thread, out _))
        {
            metrics.ThreadReleased();
        }
    }

    /// <param name="record">What the store says of the thread, where its owner asks: a first or last event that is missing shows by it alone.</param>
    private async Task CheckAsync(ThreadId thread, ThreadRecord? record)
    {
        var last = record is null ? 0 : record.HistoryBegins - 1;
        while (await log.ReadAsync(thread, last, PageEvents, PageBytes, CancellationToken.None) is { Count: > 0 } page)
        {
            last = page.DecodedAfter(record is null && last == 0 ? page[0].Seq - 1 : last, thread)[^1].Seq;
        }

        if (last < record?.Head)
        {
            throw new UnreadableThreadException(thread, last + 1, $"it is missing; the head is {record.Head}.");
        }
    }

    [LoggerMessage(LogLevel.Error, "{Thread} is in quarantine: its owner is told 'unavailable', all other threads are served. docs/operations.md says what to do")]
    private partial void Quarantined(Exception ex, string thread);

    [LoggerMessage(LogLevel.Information, "{Thread} can be read again and is served")]
    private partial void Released(string thread);
}
