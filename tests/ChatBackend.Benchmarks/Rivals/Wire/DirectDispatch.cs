namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>Each connection is its own handler; a thread knows its followers.</summary>
internal sealed class DirectDispatch : IDispatch
{
    private int _handlers;

    public int Handlers => _handlers;

    public void Connect(WireConnection connection) => Interlocked.Increment(ref _handlers);

    public void Disconnect(WireConnection connection) => Interlocked.Decrement(ref _handlers);

    public WireConnection SenderOf(WireConnection receivedOn) => receivedOn;

    public void Send(WireConnection to, byte[] frame) => to.Send(frame);

    public void Publish(WireThread thread, byte[] frame)
    {
        foreach (var follower in thread.Followers)
        {
            follower.Send(frame);
        }
    }
}
