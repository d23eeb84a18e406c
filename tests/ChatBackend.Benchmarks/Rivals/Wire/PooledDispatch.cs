using System.Collections.Concurrent;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>
/// A pool of handlers mapped to connections: a handler serves several, through its own map from connection to socket.
/// All that goes to or comes from a connection goes through both maps.
/// </summary>
internal sealed class PooledDispatch : IDispatch
{
    private const int PoolSize = 64;

    private readonly PooledHandler[] _pool = [.. Enumerable.Range(0, PoolSize).Select(_ => new PooledHandler())];
    private readonly ConcurrentDictionary<ConnectionId, PooledHandler> _assigned = new();
    private uint _next;

    public int Handlers => PoolSize;

    public void Connect(WireConnection connection)
    {
        var handler = _pool[Interlocked.Increment(ref _next) % PoolSize];
        handler.Add(connection);
        _assigned[connection.Id] = handler;
    }

    public void Disconnect(WireConnection connection)
    {
        if (_assigned.TryRemove(connection.Id, out var handler))
        {
            handler.Remove(connection.Id);
        }
    }

    public WireConnection SenderOf(WireConnection receivedOn) => Find(receivedOn.Id) ?? receivedOn;

    public void Send(WireConnection to, byte[] frame) => Find(to.Id)?.Send(frame);

    public void Publish(WireThread thread, byte[] frame)
    {
        foreach (var follower in thread.Followers)
        {
            Find(follower.Id)?.Send(frame);
        }
    }

    private WireConnection? Find(ConnectionId id) => _assigned.TryGetValue(id, out var handler) ? handler.Find(id) : null;

    private sealed class PooledHandler
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<ConnectionId, WireConnection> _connections = [];

        public void Add(WireConnection connection)
        {
            lock (_lock)
            {
                _connections.Add(connection.Id, connection);
            }
        }

        public void Remove(ConnectionId id)
        {
            lock (_lock)
            {
                _connections.Remove(id);
            }
        }

        public WireConnection? Find(ConnectionId id)
        {
            lock (_lock)
            {
                return _connections.GetValueOrDefault(id);
            }
        }
    }
}
