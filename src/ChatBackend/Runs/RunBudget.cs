namespace ChatBackend.Runs;

/// <summary>The time a run may take. It stands still while the run waits for people.</summary>
internal sealed class RunBudget(TimeSpan allowed, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _pause;
    private TimeSpan _spent;
    private long _runningSince = clock.GetTimestamp();

    public bool IsPaused
    {
        get
        {
            lock (_lock)
            {
                return _pause is not null;
            }
        }
    }

    /// <summary>Until the result is disposed.</summary>
    public IDisposable Pause()
    {
        lock (_lock)
        {
            _spent += clock.GetElapsedTime(_runningSince);
            _pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Paused(this);
    }

    /// <summary>Ends when the time is used up.</summary>
    public async Task SpentAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (_lock)
            {
                var left = allowed - _spent - clock.GetElapsedTime(_runningSince);
                if (_pause is null && left <= TimeSpan.Zero)
                {
                    return;
                }

                wait = _pause is { } pause ? pause.Task.WaitAsync(cancellationToken) : Task.Delay(left, clock, cancellationToken);
            }

            await wait;
        }
    }

    private void Resume()
    {
        lock (_lock)
        {
            _runningSince = clock.GetTimestamp();
            _pause?.SetResult();
            _pause = null;
        }
    }

    private sealed class Paused(RunBudget budget) : IDisposable
    {
        public void Dispose() => budget.Resume();
    }
}
