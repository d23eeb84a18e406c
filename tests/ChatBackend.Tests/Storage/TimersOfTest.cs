using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>Time that stands still until a test moves it on, and tells which waits were begun in it.</summary>
internal sealed class TimersOfTest : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _waits = [];
    private int _asked;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long each of them is, in the order in which they were begun.</summary>
    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_gate)
            {
                return [.. _waits];
            }
        }
    }

    /// <summary>How often somebody asked what time it is, to measure from there.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Ends when so many waits have begun.</summary>
    public async Task UntilAsync(int waits)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_waits.Count >= waits)
                {
                    return;
                }

                next = _next.Task;
            }

            await next.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Moves time on to the end of a wait, once it has begun.</summary>
    public async Task PassAsync(int wait)
    {
        await UntilAsync(wait + 1);
        Advance(Waits[wait]);
    }

    public override long GetTimestamp()
    {
        var now = base.GetTimestamp();
        Interlocked.Increment(ref _asked);
        return now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_gate)
        {
            _waits.Add(dueTime);
            (var begun, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            begun.SetResult();
        }

        return timer;
    }
}
