using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Threads.Maintenance;

/// <summary>
/// Lets the beginning of each thread go when it is older than <see cref="ThreadOptions.RetainDays"/>: whole exchanges that are answered,
/// never what is open. At start and once an hour.
/// </summary>
internal sealed partial class Retention(
    IEventLog log, IThreadStore store, Quarantine quarantine, Erasure erasure, ChatHistoryCache histories, IOptions<ThreadOptions> options, ChatMetrics metrics,
    TimeProvider clock, ILogger<Retention> logger) : BackgroundService
{
    private const string Round = "a round over all threads";
    private const int PageThreads = 256;
    private const int PageEvents = 256;
    private const int PageBytes = 1024 * 1024;
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private readonly BackgroundWork _work = new("retention", metrics, clock, logger);

    /// <summary>Goes over every thread once. One that cannot be trimmed keeps what it has, and the others go on.</summary>
    /// <returns>How many threads begin later than before.</returns>
    /// <exception cref="LogUnavailableException">The rest is for the next time.</exception>
    public async Task<int> TrimAsync(CancellationToken cancellationToken)
    {
        var (trimmed, last) = (0, 0L);
        var before = clock.GetUtcNow() - TimeSpan.FromDays(options.Value.RetainDays);
        while (await store.CreatedBeforeAsync(before, last, PageThreads, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var thread in page)
            {
                LogUnavailableException? away = null;
                await _work.TryAsync(
                    thread.Thread.Value,
                    async () =>
                    {
                        try
                        {
                            trimmed += await TrimAsync(thread, before, cancellationToken) ? 1 : 0;
                        }
                        catch (LogUnavailableException ex)
                        {
                            away = ex; // of every thread, not of this one
                        }
                    },
                    cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                if (away is not null)
                {
                    throw away;
                }
            }

            last = page[^1].Key;
        }

        if (trimmed > 0)
        {
            await erasure.EraseAsync(cancellationToken); // out of the store's files, too
            Trimmed(trimmed, before);
        }

        return trimmed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.RetainDays == 0)
        {
            return;
        }

        await _work.TryAsync(Round, () => TrimAsync(stoppingToken), stoppingToken);
        await foreach (var _ in PeriodicTicks.EveryAsync(Period, clock, stoppingToken))
        {
            await _work.TryAsync(Round, () => TrimAsync(stoppingToken), stoppingToken);
        }
    }

    /// <returns>Whether it begins later than before.</returns>
    private async Task<bool> TrimAsync(ThreadHistory thread, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var begins = await BeginningAsync(thread, before, cancellationToken);
        if (begins <= thread.Begins && !thread.IsUntrimmed)
        {
            return false;
        }

        // A little at a time: appends of every thread are let in between.
        while (!await store.TrimAsync(thread.Thread, begins, cancellationToken))
        {
        }

        histories.Forget(thread.Thread);
        return true;
    }

    /// <summary>The first event that stays: behind the last old one after which nothing was open.</summary>
    private async Task<long> BeginningAsync(ThreadHistory thread, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var begins = thread.Begins;
        var state = new ThreadState { Owner = thread.Owner, Head = thread.Begins - 1 };
        try
        {
            while (await log.ReadAsync(thread.Thread, state.Head, PageEvents, PageBytes, cancellationToken) is { Count: > 0 } page)
            {
                foreach (var stored in page)
                {
                    var threadEvent = stored.Decode(thread.Thread);
                    if (threadEvent.At >= before)
                    {
                        return begins;
                    }

                    state = state.Apply(threadEvent);
                    begins = state.IsBusy ? begins : state.Head + 1;
                }
            }
        }
        catch (UnreadableThreadException ex)
        {
            quarantine.Add(ex);
            throw;
        }

        return begins;
    }

    [LoggerMessage(LogLevel.Information, "Retention removed events before {Before:u} from {Count} threads")]
    private partial void Trimmed(int count, DateTimeOffset before);
}
