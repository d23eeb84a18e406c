using System.Collections.Concurrent;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads.Maintenance;

/// <summary>
/// Has threads with open work opened: runs that no process has any more end, messages that wait are answered. At start those of dead
/// processes, later those where this one failed. No client has to be connected, and a thread that cannot be recovered does not hold up the others.
/// </summary>
internal sealed partial class OpenWorkRecovery(
    IEventLog log, ThreadGrains grains, ChatMetrics metrics, TimeProvider clock, ILogger<OpenWorkRecovery> logger) : BackgroundService
{
    private const string AllThreads = "the list of threads with open work";

    // A call that hangs holds one of them until its deadline.
    private const int AtOnce = 32;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly BackgroundWork _work = new("recovery", metrics, clock, logger);
    private readonly ConcurrentDictionary<ThreadId, bool> _waiting = new();
    private bool _isListed;

    /// <summary>The thread has a run that could not be ended; it is opened until it can.</summary>
    public void Add(ThreadId thread) => _waiting.TryAdd(thread, true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await RecoverAsync(stoppingToken);
        await foreach (var _ in PeriodicTicks.EveryAsync(Every, clock, stoppingToken))
        {
            await RecoverAsync(stoppingToken);
        }
    }

    private async Task RecoverAsync(CancellationToken stoppingToken)
    {
        if (!_isListed)
        {
            _isListed = await _work.TryAsync(AllThreads, ListAsync, stoppingToken);
        }

        if (_waiting.IsEmpty)
        {
            return;
        }

        var recovered = 0;
        var calls = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(_waiting.Keys, calls, async (thread, _) =>
        {
            if (await _work.TryAsync(thread.Value, () => RecoverAsync(thread), stoppingToken))
            {
                Interlocked.Increment(ref recovered);
            }
        });
        if (recovered > 0)
        {
            Recovered(recovered, _waiting.Count);
        }
    }

    private async Task ListAsync()
    {
        foreach (var thread in await log.ThreadsWithOpenWorkAsync(CancellationToken.None))
        {
            Add(thread);
        }
    }

    private async Task RecoverAsync(ThreadId thread)
    {
        // Before the call: what fails in the thread meanwhile puts it here again.
        _waiting.TryRemove(thread, out _);
        try
        {
            await grains.Of(thread).Recover();
        }
        catch
        {
            Add(thread);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Recovered {Count} threads with unfinished work; {Left} are left")]
    private partial void Recovered(int count, int left);
}
