namespace ChatBackend.Runs;

/// <summary>The time a run may take. It stands still while the run waits for people.</summary>
internal sealed class RunDeadline : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private TimeSpan _left;
    private long? _runningSince;

    /// <param name="spent">Called when the time is used up.</param>
    public RunDeadline(TimeSpan allowed, TimeProvider clock, Action spent)
    {
        (_clock, _left, _runningSince) = (clock, allowed, clock.GetTimestamp());
        _timer = clock.CreateTimer(_ => spent(), null, allowed, Timeout.InfiniteTimeSpan);
    }

    public bool IsPaused
    {
        get
        {
            lock (_lock)
            {
                return _runningSince is null;
            }
        }
    }

    /// <summary>Until the result is disposed.</summary>
    public IDisposable Pause()
    {
        lock (_lock)
        {
            _left -= _clock.GetElapsedTime(_runningSince!.Value);
            _runningSince = null;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        return new Paused(this);
    }

    public void Dispose() => _timer.Dispose();

    private void Resume()
    {
        lock (_lock)
        {
            _runningSince = _clock.GetTimestamp();
            _timer.Change(_left > TimeSpan.Zero ? _left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Paused(RunDeadline budget) : IDisposable
    {
        public void Dispose() => budget.Resume();
    }
}
