using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>The way back to connections, as data: a feed knows their ids and these functions.</summary>
/// <param name="Deliver">Puts a frame into the connection's outbox; false when there is no such connection any more.</param>
/// <param name="HasRoom">Whether the connection's outbox has room for so many bytes of what may as well come later; false also when there is no such connection any more.</param>
/// <param name="RoomAsync">Waits until it has; false when there is no such connection any more.</param>
internal sealed record FeedPort(
    Func<ConnectionId, OutgoingFrame, bool> Deliver,
    Func<ConnectionId, int, bool> HasRoom,
    Func<ConnectionId, int, CancellationToken, ValueTask<bool>> RoomAsync)
{
    /// <summary>Whether history may be asked for that is not in memory: not while connections hold too much together.</summary>
    public Func<bool> TakesHistory { get; init; } = () => true;
}
