using ChatBackend.Following;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Following;

/// <summary>Outboxes of connections as a test wants them; all there and with room, unless it says otherwise.</summary>
internal sealed class TestOutboxes(
    Func<ConnectionId, OutboundFrame, bool> enqueue,
    Func<ConnectionId, int, bool>? hasRoom = null,
    Func<ConnectionId, int, CancellationToken, ValueTask<bool>>? waitForRoom = null) : IConnectionOutboxes
{
    public Func<bool> TakesHistory { get; init; } = () => true;

    bool IConnectionOutboxes.TakesHistory => TakesHistory();

    public IConnectionOutbox? Find(ConnectionId connection) => new TestOutbox(this, connection);

    private bool Enqueue(ConnectionId connection, OutboundFrame frame) => enqueue(connection, frame);

    private bool HasRoom(ConnectionId connection, int bytes) => hasRoom?.Invoke(connection, bytes) ?? true;

    private ValueTask<bool> WaitForRoomAsync(ConnectionId connection, int bytes, CancellationToken cancellationToken) =>
        waitForRoom?.Invoke(connection, bytes, cancellationToken) ?? ValueTask.FromResult(true);

    private sealed class TestOutbox(TestOutboxes all, ConnectionId connection) : IConnectionOutbox
    {
        public bool Add(in OutboundFrame frame)
        {
            all.Enqueue(connection, frame);
            return false;
        }

        public void Flush() => throw new InvalidOperationException("Every frame is delivered as it is added.");

        public bool HasRoom(int bytes) => all.HasRoom(connection, bytes);

        public ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken cancellationToken) => all.WaitForRoomAsync(connection, bytes, cancellationToken);
    }
}
