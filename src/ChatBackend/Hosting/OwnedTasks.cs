using System.Collections.Concurrent;

namespace ChatBackend.Hosting;

/// <summary>Work that runs without a waiter, and that is cancelled and awaited when its owner stops.</summary>
internal sealed class OwnedTasks : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    /// <summary>On another thread, so that the caller goes on at once.</summary>
    public Task Run(Func<CancellationToken, Task> work)
    {
        var stopping = _stopping.Token;
        var task = Task.Run(() => work(stopping), CancellationToken.None);
        _running[task] = true;
        task.ContinueWith(over => _running.TryRemove(over, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    /// <summary>Ends when all that runs has heard that it should end, and has ended, successfully or not.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Only cancels: a host may be stopped and disposed at the same time, and then stops this after it was disposed. The source holds nothing else.</summary>
    public void Dispose() => _stopping.Cancel();
}
