namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>
/// Broken, on purpose: every connection adds a handler to one list, none is ever removed, and the first in the list
/// gets every frame, and answers to its own socket.
/// </summary>
internal sealed class PiledDispatch : IDispatch
{
    private readonly Lock _lock = new();
    private readonly List<WireConnection> _handlers = [];

    public int Handlers
    {
        get
        {
            lock (_lock)
            {
                return _handlers.Count;
            }
        }
    }

    public void Connect(WireConnection connection)
    {
        lock (_lock)
        {
            _handlers.Add(connection);
        }
    }

    public void Disconnect(WireConnection connection)
    {
        // That is the bug.
    }

    public WireConnection SenderOf(WireConnection receivedOn)
    {
        lock (_lock)
        {
            return _handlers[0];
        }
    }

    public void Send(WireConnection to, byte[] frame) => to.Send(frame);

    public void Publish(WireThread thread, byte[] frame)
    {
        foreach (var follower in thread.Followers)
        {
            follower.Send(frame);
        }
    }
}
