using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>Time that tells when its ticks are waited for.</summary>
internal sealed class TickingTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    public TickingTime()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public TaskCompletionSource Ticks { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Ticks.TrySetResult();
        return timer;
    }
}
