using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>The way back to connections, as data: a feed knows their ids and these two functions.</summary>
/// <param name="Deliver">Puts a frame into the connection's outbox; false when there is no such connection any more.</param>
/// <param name="RoomAsync">Waits until the connection's outbox has room for another page; false when there is no such connection any more.</param>
internal sealed record FeedPort(
    Func<ConnectionId, ReadOnlyMemory<byte>, bool> Deliver,
    Func<ConnectionId, CancellationToken, Task<bool>> RoomAsync);
