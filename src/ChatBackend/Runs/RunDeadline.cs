namespace ChatBackend.Runs;

/// <summary>The time a run may take. It stands still while the run waits for people.</summary>
internal sealed class RunDeadline : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly RunDeadline? _around;
    private TimeSpan _left;
    private long? _runningSince;
    private int _pauses;

    /// <param name="spent">Called when the time is used up.</param>
    /// <param name="around">That of the run around this one: it stands still while this one does.</param>
    public RunDeadline(TimeSpan allowed, TimeProvider clock, Action spent, RunDeadline? around = null)
    {
        (_clock, _left, _runningSince, _around) = (clock, allowed, clock.GetTimestamp(), around);
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

    /// <summary>Until the result is disposed. Several may last at the same time.</summary>
    public IDisposable Pause()
    {
        lock (_lock)
        {
            if (_pauses++ == 0)
            {
                _left -= _clock.GetElapsedTime(_runningSince!.Value);
                _runningSince = null;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        return new Paused(this, _around?.Pause());
    }

    public void Dispose() => _timer.Dispose();

    private void Resume()
    {
        lock (_lock)
        {
            if (--_pauses == 0)
            {
                _runningSince = _clock.GetTimestamp();
                _timer.Change(_left > TimeSpan.Zero ? _left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private sealed class Paused(RunDeadline budget, IDisposable? around) : IDisposable
    {
        public void Dispose()
        {
            budget.Resume();
            around?.Dispose();
        }
    }
}
