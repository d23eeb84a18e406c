using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Threads;

/// <summary>
/// Lets the beginning of each thread go when it is older than <see cref="ThreadOptions.RetainDays"/>: whole exchanges that are answered,
/// never what is open. At start and once an hour.
/// </summary>
internal sealed partial class Retention(
    IEventLog log, IThreadStore store, Erasure erasure, Histories histories, IOptions<ThreadOptions> options, TimeProvider clock, ILogger<Retention> logger) : BackgroundService
{
    private const int PageThreads = 256;
    private const int PageEvents = 256;
    private const int PageBytes = 1024 * 1024;
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Goes over every thread once.</summary>
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
                var begins = await BeginningAsync(thread, before, cancellationToken);
                if (begins > thread.Begins || thread.IsUntrimmed)
                {
                    trimmed++;
                    // A little at a time: appends of every thread are let in between.
                    while (!await store.TrimAsync(thread.Thread, begins, cancellationToken))
                    {
                    }

                    histories.Forget(thread.Thread);
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

        await TryTrimAsync(stoppingToken);
        await foreach (var _ in Ticks.EveryAsync(Period, clock, stoppingToken))
        {
            await TryTrimAsync(stoppingToken);
        }
    }

    private async Task TryTrimAsync(CancellationToken stoppingToken)
    {
        try
        {
            await TrimAsync(stoppingToken);
        }
        catch (LogUnavailableException away)
        {
            NotTrimmed(away);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the next process goes on
        }
    }

    /// <summary>The first event that stays: behind the last old one after which nothing was open.</summary>
    private async Task<long> BeginningAsync(ThreadHistory thread, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var begins = thread.Begins;
        var state = new ThreadState { Owner = thread.Owner, Head = thread.Begins - 1 };
        while (await log.ReadAsync(thread.Thread, state.Head, PageEvents, PageBytes, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var stored in page)
            {
                var happened = (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span);
                if (happened.At >= before)
                {
                    return begins;
                }

                state = state.Apply(happened);
                begins = state.IsBusy ? begins : state.Head + 1;
            }
        }

        return begins;
    }

    [LoggerMessage(LogLevel.Information, "{Count} threads let go of what was older than {Before:u}")]
    private partial void Trimmed(int count, DateTimeOffset before);

    [LoggerMessage(LogLevel.Warning, "Old events could not all be let go of; trying again in an hour")]
    private partial void NotTrimmed(Exception away);
}
