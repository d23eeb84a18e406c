using ChatBackend.Protocol;

namespace ChatBackend.Following;

/// <summary>How what is followed reaches the connections that follow it: by id, since a connection may be gone at any moment.</summary>
internal interface IConnectionOutboxes
{
    /// <summary>Whether history may be asked for that is not in memory: not while connections hold too much together.</summary>
    bool TakesHistory { get; }

    /// <returns>Null when there is no such connection any more.</returns>
    IConnectionOutbox? Find(ConnectionId connection);
}

/// <summary>What waits to be sent to one connection.</summary>
internal interface IConnectionOutbox
{
    /// <summary>Puts the frame behind those before it; one for a connection that is closing goes nowhere. Never waits.</summary>
    /// <returns>Whether the caller has to <see cref="Flush"/>, once it holds no lock: nothing was being sent.</returns>
    bool Add(in OutboundFrame frame);

    /// <summary>Sends what <see cref="Add"/> left to its caller, and what came behind it meanwhile. Never waits, never throws.</summary>
    void Flush();

    /// <summary>Whether it takes so many bytes of what may as well come later.</summary>
    /// <returns>False also when the connection is closing.</returns>
    bool HasRoom(int bytes);

    /// <summary>Waits until it does.</summary>
    /// <returns>False when the connection is closing.</returns>
    ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken cancellationToken);
}
