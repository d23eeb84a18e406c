using System.Collections.Concurrent;
using ChatBackend.Errors;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Hosting;

/// <summary>
/// The items of one background service, each run guarded: one that fails is logged by its name, waits longer before each further attempt,
/// and neither ends the round nor the service. Health and metrics show how many fail now.
/// </summary>
internal sealed partial class BackgroundWork(string service, ChatMetrics metrics, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Failing> _failing = new();

    /// <summary>Runs an item, unless it failed and its pause is not over.</summary>
    /// <param name="item">Names it in the log: an id, never text that a user wrote.</param>
    /// <returns>Whether it was done.</returns>
    public Task<bool> TryAsync(string item, Func<Task> work, CancellationToken stoppingToken) => TryAsync(item, static work => work(), work, stoppingToken);

    /// <summary>The same for work that is done for many at a time: one that is done at once costs no memory.</summary>
    public async Task<bool> TryAsync<T>(string item, Func<T, Task> work, T of, CancellationToken stoppingToken)
    {
        if (_failing.TryGetValue(item, out var earlier) && clock.GetElapsedTime(earlier.FailedAt) < earlier.Pause)
        {
            return false;
        }

        try
        {
            await work(of);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return false; // the next process goes on
        }
        catch (Exception ex)
        {
            Failed(item, earlier, ex);
            return false;
        }

        Forget(item);
        return true;
    }

    /// <summary>The item is not this service's any more, or does not matter now.</summary>
    public void Forget(string item)
    {
        if (_failing.TryRemove(item, out _))
        {
            metrics.BackgroundItemFails(service, -1);
        }
    }

    private void Failed(string item, Failing? earlier, Exception ex)
    {
        var backoff = earlier?.Backoff ?? new Backoff(FirstPause, LongestPause);
        var (pause, attempts) = (backoff.Next(), (earlier?.Attempts ?? 0) + 1);
        _failing[item] = new Failing(clock.GetTimestamp(), pause, backoff, attempts);
        metrics.BackgroundAttemptFailed(service);
        if (earlier is null)
        {
            metrics.BackgroundItemFails(service, 1);
        }

        if (ex is IReportedException)
        {
            return;
        }

        if (earlier is null)
        {
            ItemFailed(ex, service, item, pause);
        }
        else
        {
            ItemFailsStill(service, item, attempts, ex.GetType().Name, pause);
        }
    }

    [LoggerMessage(LogLevel.Error, "Background service {Service} failed at {Item}; the others go on, this one is tried again in {Pause}")]
    private partial void ItemFailed(Exception ex, string service, string item, TimeSpan pause);

    [LoggerMessage(LogLevel.Warning, "Background service {Service} still fails at {Item}, attempt {Attempt} ({Reason}); the next is in {Pause}")]
    private partial void ItemFailsStill(string service, string item, int attempt, string reason, TimeSpan pause);

    private sealed record Failing(long FailedAt, TimeSpan Pause, Backoff Backoff, int Attempts);
}
