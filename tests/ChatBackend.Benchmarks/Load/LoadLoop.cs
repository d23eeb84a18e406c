using System.Diagnostics;

namespace ChatBackend.Benchmarks.Load;

/// <summary>One thread that drives all sockets of a scenario and what is to happen at a time. Everything it calls runs on it.</summary>
internal sealed class LoadLoop : IDisposable
{
    private const int LongestWait = 100;

    private readonly Epoll _epoll = new();
    private readonly List<LoadSocket> _sockets = [];
    private readonly PriorityQueue<Action, long> _timers = new();

    /// <summary>Shared by all sockets: each reads into it and keeps only what is not whole yet.</summary>
    public byte[] Buffer { get; } = new byte[256 * 1024];

    /// <summary>The time of the wake-up that is being handled, in <see cref="Stopwatch"/> ticks.</summary>
    public long Now { get; private set; } = Stopwatch.GetTimestamp();

    public Epoll Epoll => _epoll;

    public int Join(LoadSocket socket)
    {
        _sockets.Add(socket);
        return _sockets.Count - 1;
    }

    public void At(long time, Action action) => _timers.Enqueue(action, time);

    public void After(TimeSpan delay, Action action) => At(Stopwatch.GetTimestamp() + Ticks(delay), action);

    /// <exception cref="TimeoutException">It did not come in time.</exception>
    public void RunUntil(Func<bool> isDone, TimeSpan limit, string what)
    {
        var deadline = Stopwatch.GetTimestamp() + Ticks(limit);
        while (!isDone())
        {
            if (Now > deadline)
            {
                throw new TimeoutException($"{what} did not happen within {limit.TotalSeconds:0} s.");
            }

            Turn();
        }
    }

    public void RunFor(TimeSpan time)
    {
        var end = Stopwatch.GetTimestamp() + Ticks(time);
        At(end, () => { });
        while (Now < end)
        {
            Turn();
        }
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        _epoll.Dispose();
    }

    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private void Turn()
    {
        var ready = _epoll.Wait(UntilNextTimer());
        Now = Stopwatch.GetTimestamp();
        foreach (var one in ready)
        {
            _sockets[one.Key].Handle(one.Events);
        }

        while (_timers.TryPeek(out _, out var due) && due <= Now)
        {
            _timers.Dequeue()();
        }
    }

    private int UntilNextTimer()
    {
        if (!_timers.TryPeek(out _, out var due))
        {
            return LongestWait;
        }

        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds;
        return (int)Math.Clamp(Math.Ceiling(left), 0, LongestWait);
    }
}
