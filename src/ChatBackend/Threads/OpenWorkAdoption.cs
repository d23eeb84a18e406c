using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>At start, has every thread with open work opened: runs that a dead process left end, messages that wait are answered. Nobody needs to be watching.</summary>
internal sealed partial class OpenWorkAdoption(IEventLog log, IGrainFactory grains, TimeProvider clock, ILogger<OpenWorkAdoption> logger)
    : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await TryAdoptAsync())
        {
            return;
        }

        await foreach (var _ in Ticks.EveryAsync(Retry, clock, stoppingToken))
        {
            if (await TryAdoptAsync())
            {
                return;
            }
        }
    }

    private async Task<bool> TryAdoptAsync()
    {
        try
        {
            var threads = await log.ThreadsWithOpenWorkAsync(CancellationToken.None);
            await Parallel.ForEachAsync(threads, async (thread, _) => await grains.GetGrain<IThreadGrain>(thread.Value).Adopt());
            if (threads.Count > 0)
            {
                Adopted(threads.Count);
            }

            return true;
        }
        catch (Exception away) when (away is LogUnavailableException or ProtocolException or TimeoutException or OrleansException)
        {
            NotYet(away);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Went on with {Count} threads that had open work")]
    private partial void Adopted(int count);

    [LoggerMessage(LogLevel.Warning, "Threads with open work could not all be opened; trying again")]
    private partial void NotYet(Exception away);
}
