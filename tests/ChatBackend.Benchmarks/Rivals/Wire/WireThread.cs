using ChatBackend.Following;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>A thread that is nowhere but in memory, for as long as the process lives. All but its id is used in its lock.</summary>
internal sealed class WireThread(ThreadId id)
{
    public ThreadId Id => id;

    public Lock Gate { get; } = new();

    public long Head { get; private set; }

    public List<WireConnection> Followers { get; } = [];

    /// <summary>Gives an event its place.</summary>
    public ThreadEvent Stamp(ThreadEvent threadEvent, TimeProvider clock) =>
        threadEvent with { ThreadId = id, Seq = ++Head, At = clock.GetUtcNow() };
}
