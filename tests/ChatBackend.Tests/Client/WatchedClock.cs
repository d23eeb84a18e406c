using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Client;

/// <summary>Stands still until the test moves it, and knows which waits were begun by it.</summary>
internal sealed class WatchedClock : FakeTimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _waits = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Enqueue(dueTime);
        return timer;
    }

    /// <summary>Until so many waits of exactly this length have begun.</summary>
    public Task BegunAsync(TimeSpan wait, int times = 1) => Deadline.UntilAsync(() => Count(wait) >= times);

    public int Count(TimeSpan wait) => _waits.Count(begun => begun == wait);
}
