namespace ChatBackend.Benchmarks.Rivals;

/// <summary>Owns the runs that are open: they outlive their sockets, and end with the process.</summary>
internal sealed class RivalRuns
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open = 1; // the process itself, until it stops

    public void Start(Func<CancellationToken, Task> run)
    {
        Interlocked.Increment(ref _open);
        _ = Task.Run(() => OwnAsync(run));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        End();
        await _over.Task;
    }

    private async Task OwnAsync(Func<CancellationToken, Task> run)
    {
        try
        {
            await run(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody is left to tell.
        }
        catch (Exception ex)
        {
            await Console.Error.WriteLineAsync($"A run broke: {ex}");
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _over.TrySetResult();
        }
    }
}
