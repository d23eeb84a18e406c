using System.Collections.Concurrent;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>Every event goes to every connection, and each lets through those of its own threads.</summary>
internal sealed class BroadcastDispatch : IDispatch
{
    private readonly ConcurrentDictionary<ConnectionId, WireConnection> _connections = new();

    public int Handlers => _connections.Count;

    public void Connect(WireConnection connection) => _connections[connection.Id] = connection;

    public void Disconnect(WireConnection connection) => _connections.TryRemove(connection.Id, out _);

    public WireConnection SenderOf(WireConnection receivedOn) => receivedOn;

    public void Send(WireConnection to, byte[] frame) => to.Send(frame);

    public void Publish(WireThread thread, byte[] frame)
    {
        foreach (var (_, connection) in _connections)
        {
            if (connection.Follows(thread))
            {
                connection.Send(frame);
            }
        }
    }
}
