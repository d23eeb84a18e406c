using ChatBackend.Hosting;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads.Maintenance;

/// <summary>Erases what deleted threads held, and commands past their time: when one is deleted, and later where that did not come to its end, in this process or an earlier one.</summary>
internal sealed class Erasure(IThreadStore store, ChatMetrics metrics, TimeProvider clock, ILogger<Erasure> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private const int TicksOfAnHour = 720;

    private readonly SemaphoreSlim _entry = new(1, 1);
    private readonly BackgroundWork _work = new("erasure", metrics, clock, logger);
    private volatile bool _isDue;

    /// <summary>Ends when nothing of any deleted thread is left in the store's files.</summary>
    /// <exception cref="LogUnavailableException">The rest is erased later.</exception>
    public async Task EraseAsync(CancellationToken cancellationToken)
    {
        _isDue = true;
        await _entry.WaitAsync(cancellationToken);
        try
        {
            // Writers that wait are let in between any two steps; readers, too, when one of them holds up the last.
            for (var steps = 0; !await store.EraseAsync(cancellationToken); steps++)
            {
                if (steps % 16 == 15)
                {
                    await Task.Delay(Pause, clock, cancellationToken);
                }
            }

            _isDue = false;
        }
        finally
        {
            _entry.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await TryEraseAsync(stoppingToken);
        await foreach (var tick in PeriodicTicks.EveryAsync(Retry, clock, stoppingToken))
        {
            if (_isDue || tick % TicksOfAnHour == TicksOfAnHour - 1)
            {
                await TryEraseAsync(stoppingToken);
            }
        }
    }

    private async Task TryEraseAsync(CancellationToken stoppingToken)
    {
        await _work.TryAsync("what deleted threads held", () => EraseAsync(stoppingToken), stoppingToken);
    }
}
