using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Threads;

namespace ChatBackend.Connections;

/// <summary>
/// Knows the handler of every open connection, by connection id and by nothing else: a frame goes to the handler of the
/// connection it came from, a delivery to the one it is addressed to. An unknown id is nobody, never somebody else.
/// </summary>
internal sealed class MessageRouter
{
    private readonly ConcurrentDictionary<ConnectionId, AgentMessageHandler> _handlers = new();

    private readonly OutboxMemory _memory;

    public MessageRouter(OutboxMemory memory, ChatMetrics metrics)
    {
        _memory = memory;
        metrics.WatchHandlers(() => _handlers.Count);
    }

    public IEnumerable<AgentMessageHandler> Handlers => _handlers.Select(entry => entry.Value);

    /// <summary>How feeds reach connections.</summary>
    public FeedPort Port() => new(Deliver, HasRoom, RoomAsync) { TakesHistory = () => !_memory.IsFull };

    /// <exception cref="InvalidOperationException">The id is taken: ids are made once, so this is a bug.</exception>
    public void Register(ConnectionId connection, AgentMessageHandler handler)
    {
        if (!_handlers.TryAdd(connection, handler))
        {
            throw new InvalidOperationException($"{connection} has a handler already.");
        }
    }

    /// <summary>Removes this handler and no successor of it.</summary>
    public bool Remove(ConnectionId connection, AgentMessageHandler handler) =>
        _handlers.TryRemove(KeyValuePair.Create(connection, handler));

    /// <summary>Hands a frame to the connection's own handler, which takes it without waiting.</summary>
    /// <param name="bytes">What the frame took on the wire.</param>
    public bool Route(ConnectionId connection, ClientFrame frame, int bytes)
    {
        if (!_handlers.TryGetValue(connection, out var handler))
        {
            return false;
        }

        handler.Take(frame, bytes);
        return true;
    }

    /// <returns>False when there is no such connection any more.</returns>
    public bool Deliver(ConnectionId connection, OutgoingFrame frame) =>
        _handlers.TryGetValue(connection, out var handler) && handler.Deliver(frame);

    /// <summary>Whether the connection can take so much of what may as well come later.</summary>
    /// <returns>False also when there is no such connection any more.</returns>
    public bool HasRoom(ConnectionId connection, int bytes) =>
        _handlers.TryGetValue(connection, out var handler) && handler.HasRoom(bytes);

    /// <summary>Waits until the connection can take so much of what may as well come later.</summary>
    /// <returns>False when there is no such connection any more.</returns>
    public ValueTask<bool> RoomAsync(ConnectionId connection, int bytes, CancellationToken cancellationToken) =>
        _handlers.TryGetValue(connection, out var handler) ? handler.RoomAsync(bytes, cancellationToken) : ValueTask.FromResult(false);
}
