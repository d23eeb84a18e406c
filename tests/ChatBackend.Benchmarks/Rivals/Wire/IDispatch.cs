namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>How connections are registered, and how what is sent reaches their sockets: all in which the rivals on our wire differ.</summary>
internal interface IDispatch
{
    /// <summary>How many handlers are registered.</summary>
    int Handlers { get; }

    void Connect(WireConnection connection);

    void Disconnect(WireConnection connection);

    /// <summary>Whose frame it is taken for that came in there.</summary>
    WireConnection SenderOf(WireConnection receivedOn);

    void Send(WireConnection to, byte[] frame);

    /// <summary>Called in the thread's lock, so that its events leave in their order.</summary>
    void Publish(WireThread thread, byte[] frame);
}
