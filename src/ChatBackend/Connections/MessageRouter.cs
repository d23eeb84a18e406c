using System.Collections.Concurrent;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;

namespace ChatBackend.Connections;

/// <summary>An open connection: commands go to its handler, frames to its outbox.</summary>
internal readonly record struct OpenConnection(ConnectionContext Context, AgentMessageHandler Handler, Outbox Outbox);

/// <summary>
/// Knows every open connection, by its id and by nothing else: a frame goes to the handler of the connection it came from, a delivery to the
/// outbox of the one it is addressed to. An id that is unknown leads to no connection, never to another one.
/// </summary>
internal sealed class MessageRouter : IConnectionOutboxes
{
    private readonly ConcurrentDictionary<ConnectionId, OpenConnection> _connections = new();
    private readonly OutboxMemory _memory;

    public MessageRouter(OutboxMemory memory, ChatMetrics metrics)
    {
        _memory = memory;
        metrics.WatchHandlers(() => _connections.Count);
    }

    public IEnumerable<OpenConnection> Connections => _connections.Select(entry => entry.Value);

    public bool TakesHistory => !_memory.IsFull;

    /// <exception cref="InvalidOperationException">The id is taken: ids are made once, so this is a bug.</exception>
    public void Register(OpenConnection connection)
    {
        if (!_connections.TryAdd(connection.Context.Id, connection))
        {
            throw new InvalidOperationException($"{connection.Context.Id} has a handler already.");
        }
    }

    /// <summary>Removes this connection and no successor of it.</summary>
    public bool Remove(OpenConnection connection) => _connections.TryRemove(KeyValuePair.Create(connection.Context.Id, connection));

    /// <summary>Hands a frame to the connection's own handler, which takes it without waiting.</summary>
    /// <param name="bytes">What the frame took on the wire.</param>
    /// <returns>False when there is no such connection any more.</returns>
    public bool Route(ConnectionId id, ClientFrame frame, int bytes)
    {
        if (!_connections.TryGetValue(id, out var connection))
        {
            return false;
        }

        connection.Handler.Handle(frame, bytes);
        return true;
    }

    public IConnectionOutbox? Find(ConnectionId id) => _connections.TryGetValue(id, out var connection) ? connection.Outbox : null;
}
