using System.Threading.Channels;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Threads;

/// <summary>Time in which every timer waits until the test ends its wait; keeps how long each was meant to be.</summary>
internal sealed class HeldTime : TimeProvider
{
    private readonly Channel<(ITimer Timer, TimeSpan Wait)> _begun = Channel.CreateBounded<(ITimer, TimeSpan)>(100);
    private int _ended;

    public int Ended => Volatile.Read(ref _ended);

    public List<TimeSpan> Waits { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _begun.Writer.TryWrite((timer, dueTime)).Should().BeTrue();
        return timer;
    }

    public async Task EndNextAsync()
    {
        using var deadline = Deadline.Source();
        var (timer, wait) = await _begun.Reader.ReadAsync(deadline.Token);
        Waits.Add(wait);
        Interlocked.Increment(ref _ended);
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
