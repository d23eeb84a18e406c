namespace ChatBackend.Runs;

/// <summary>
/// What one tool call reports of its progress: the first report at once, then the latest in each interval, so that a tool that reports in a tight loop
/// does not crowd out what else the followers are sent.
/// </summary>
internal sealed class ToolProgressReports(Action<string, double?> send, TimeProvider clock) : IAsyncDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private (string Text, double? Fraction)? _latest; // waits for the end of the interval
    private ITimer? _interval; // there while one lasts
    private bool _isOver;

    public void Report(string text, double? fraction)
    {
        lock (_lock)
        {
            if (_isOver || _interval is not null)
            {
                _latest = (text, fraction);
                return;
            }

            _interval = clock.CreateTimer(_ => EndInterval(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        Send(text, fraction);
    }

    /// <summary>Nothing is sent any more once this has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        ITimer? interval;
        lock (_lock)
        {
            _isOver = true;
            (interval, _interval) = (_interval, null);
        }

        if (interval is not null)
        {
            await interval.DisposeAsync();
        }
    }

    private void EndInterval()
    {
        (string Text, double? Fraction)? latest;
        lock (_lock)
        {
            (latest, _latest) = (_latest, null);
            if (_isOver)
            {
                return;
            }

            if (latest is null)
            {
                _interval?.Dispose();
                _interval = null;
                return;
            }
        }

        Send(latest.Value.Text, latest.Value.Fraction);
    }

    /// <summary>Not in the lock: what is sent goes on to sockets. There is one at a time, since the interval begins after it.</summary>
    private void Send(string text, double? fraction)
    {
        send(text, fraction);
        lock (_lock)
        {
            _interval?.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }
}
