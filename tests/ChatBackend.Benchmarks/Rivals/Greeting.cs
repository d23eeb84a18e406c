using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Threads;

namespace ChatBackend.Benchmarks.Rivals;

/// <summary>The first frame of a connection. Everybody is a guest, and the limits are those our server states.</summary>
internal sealed class Greeting(RivalAgents agents, TimeProvider clock)
{
    private static readonly ConnectionOptions Options = new();

    private static readonly ConnectionLimits Limits = new()
    {
        MaxMessageBytes = Options.MaxMessageBytes,
        MaxPendingCommands = Options.MaxPendingCommands,
        MaxPendingBytes = Options.MaxPendingBytes,
        MaxFollowedThreads = Options.MaxFollowedThreads,
        MaxQueuedMessages = new ThreadOptions().MaxQueuedMessages,
        MaxOutboxBytes = Options.MaxOutboxBytes,
        SendTimeoutSeconds = (int)Options.SendTimeout.TotalSeconds,
    };

    private readonly IReadOnlyList<string> _agents = agents.Names;

    public ConnectionEstablished To(ConnectionId connection) => new()
    {
        ConnectionId = connection,
        UserId = UserId.New(),
        ServerTime = clock.GetUtcNow(),
        HeartbeatSeconds = (int)Options.HeartbeatInterval.TotalSeconds,
        Limits = Limits,
        Agents = _agents,
    };
}
