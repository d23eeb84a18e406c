namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>
/// Broken, on purpose: one handler for all, whose socket every new connection overwrites, so that whoever came last gets
/// what was meant for everybody else.
/// </summary>
internal sealed class SharedDispatch : IDispatch
{
    private volatile WireConnection? _current;

    public int Handlers => 1;

    public void Connect(WireConnection connection) => _current = connection;

    public void Disconnect(WireConnection connection)
    {
        // Its socket stays the handler's until somebody else connects.
    }

    public WireConnection SenderOf(WireConnection receivedOn) => receivedOn;

    public void Send(WireConnection to, byte[] frame) => _current?.Send(frame);

    public void Publish(WireThread thread, byte[] frame) => _current?.Send(frame);
}
