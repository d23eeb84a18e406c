using ChatBackend.Agents;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>The first frame of every connection.</summary>
internal sealed class Greeting(ThreadSubscriptions threads, AgentCatalog agents, IOptions<ConnectionOptions> options, IOptions<ThreadOptions> threadOptions, TimeProvider clock)
{
    public ConnectionEstablished To(ConnectionContext connection) => new()
    {
        ConnectionId = connection.Id,
        UserId = connection.Session.User,
        ServerTime = clock.GetUtcNow(),
        HeartbeatSeconds = (int)options.Value.HeartbeatInterval.TotalSeconds,
        Limits = options.Value.ToLimits(threadOptions.Value),
        Agents = agents.Names,
        AgentDetails = agents.Details,
        LogId = threads.LogId,
    };
}
