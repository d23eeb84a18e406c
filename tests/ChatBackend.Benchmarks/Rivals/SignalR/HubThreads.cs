using System.Collections.Concurrent;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>How far each thread has come. Who follows it is SignalR's to know: a thread is a group.</summary>
internal sealed class HubThreads(TimeProvider clock)
{
    private readonly ConcurrentDictionary<ThreadId, HubThread> _threads = new();

    public HubThread New()
    {
        var thread = new HubThread(ThreadId.New(), clock);
        _threads[thread.Id] = thread;
        return thread;
    }

    public HubThread? Find(ThreadId id) => _threads.GetValueOrDefault(id);
}

internal sealed class HubThread(ThreadId id, TimeProvider clock)
{
    private long _head;

    public ThreadId Id => id;

    public long Head => Interlocked.Read(ref _head);

    /// <summary>Gives an event its place.</summary>
    public TEvent Stamp<TEvent>(TEvent threadEvent) where TEvent : ThreadEvent =>
        (TEvent)(threadEvent with { ThreadId = id, Seq = Interlocked.Increment(ref _head), At = clock.GetUtcNow() });
}
