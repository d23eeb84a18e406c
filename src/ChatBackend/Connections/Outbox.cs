using System.Net.WebSockets;
using System.Runtime.ExceptionServices;
using ChatBackend.Following;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// What waits to be sent on one socket, bounded in bytes, with one writer at a time: a caller that finds it idle sends at
/// once, every other queues behind, where text gathers. A peer that reads too slowly ends its own connection and delays no other.
/// </summary>
internal sealed class Outbox(ConnectionContext connection, IOptions<ConnectionOptions> options, OutboxMemory memory, ChatMetrics metrics, TimeProvider clock) : IConnectionOutbox
{
    private readonly Lock _lock = new();
    private OutboundQueue? _waiting;
    private bool _isSending;
    private bool _isClosed;
    private long _sendStartedAt;
    private ReadOnlyMemory<byte> _next; // of a send that its caller has yet to begin
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _idle;
    private Exception? _fault;
    private int _inFlight;
    private int _held; // as all outboxes together know it

    /// <summary>Frames sent, for the line that closes the connection.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes that wait, those of the send under way included.</summary>
    public int HeldBytes
    {
        get
        {
            lock (_lock)
            {
                return _held;
            }
        }
    }

    /// <summary>A frame about the connection itself.</summary>
    public bool Enqueue(ReadOnlyMemory<byte> frame) => Enqueue(new OutboundFrame(null, frame));

    /// <summary>Sends the frame, now or when those before it are sent. Never waits.</summary>
    /// <returns>False when the connection is closing: the frame goes nowhere.</returns>
    public bool Enqueue(in OutboundFrame frame)
    {
        var isTaken = TryAdd(frame, out var begins);
        if (begins)
        {
            Flush();
        }

        return isTaken;
    }

    public bool Add(in OutboundFrame frame)
    {
        TryAdd(frame, out var begins);
        return begins;
    }

    /// <summary>A send that ends at once costs no task.</summary>
    public void Flush()
    {
        var frame = _next;
        _next = default;
        try
        {
            while (true)
            {
                var send = Write(frame);
                if (!send.IsCompletedSuccessfully)
                {
                    lock (_lock)
                    {
                        _inFlight = frame.Length;
                        Count();
                    }

                    _ = PumpAsync(send); // owned by CompleteAsync, which waits until nothing is sent any more
                    return;
                }

                if (!TryNext(out frame))
                {
                    return;
                }
            }
        }
        catch (Exception ex)
        {
            Break(ex);
        }
    }

    /// <summary>Ends the connection as too slow, and forgets what waits.</summary>
    public void GiveUp()
    {
        lock (_lock)
        {
            Drop();
        }

        connection.Close(CloseReason.OutboxFull);
    }

    /// <summary>
    /// Whether so many bytes may come now that may as well come later: they leave half of what may wait to what is live. All may come when nothing waits.
    /// While all outboxes together hold too much, they come only to a peer that has read everything.
    /// </summary>
    /// <returns>False also when the connection is closing.</returns>
    public bool HasRoom(int bytes)
    {
        lock (_lock)
        {
            return !_isClosed && HasRoomFor(bytes);
        }
    }

    /// <summary>Waits until it has room.</summary>
    /// <returns>False when the connection is closing.</returns>
    public async ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_isClosed || HasRoomFor(bytes))
                {
                    return !_isClosed;
                }

                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Whether the send under way takes longer than it may.</summary>
    public bool IsStuck()
    {
        lock (_lock)
        {
            return _isSending && clock.GetElapsedTime(_sendStartedAt) > options.Value.SendTimeout;
        }
    }

    /// <summary>Takes no more frames; returns when what waits is sent, or the socket is given up.</summary>
    public async Task CompleteAsync()
    {
        var idle = Task.CompletedTask;
        lock (_lock)
        {
            _isClosed = true;
            _room?.TrySetResult();
            if (_isSending)
            {
                idle = (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        await idle;
        if (_fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private bool TryAdd(in OutboundFrame frame, out bool begins)
    {
        begins = false;
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            if (!_isSending)
            {
                (_isSending, _sendStartedAt, _next) = (true, clock.GetTimestamp(), frame.Encoded());
                return begins = true;
            }

            if (TryKeep(frame))
            {
                return true;
            }

            Drop();
        }

        connection.Close(CloseReason.OutboxFull);
        return false;
    }

    // In the lock, as are those after it. What is too much is dropped with the connection: it never stays above the limit.
    private bool TryKeep(in OutboundFrame frame)
    {
        _waiting ??= new OutboundQueue();
        var isGathered = _waiting.Add(frame);
        if (_waiting.Bytes > options.Value.MaxOutboxBytes && _waiting.Count > 1)
        {
            return false;
        }

        metrics.FrameWaits(_waiting.Bytes, isGathered);
        Count();
        return _waiting.Count == 1 || !memory.IsOverItsShare(_held);
    }

    private bool HasRoomFor(int bytes) => memory.IsFull
        ? !_isSending
        : _waiting is null or { Count: 0 } || _waiting.Bytes + bytes <= options.Value.MaxOutboxBytes / 2;

    private void Drop()
    {
        _isClosed = true;
        _waiting = null;
        _room?.TrySetResult();
        Count();
    }

    private void Count() => memory.Change(ref _held, (_waiting?.Bytes ?? 0) + _inFlight);

    private async Task PumpAsync(ValueTask send)
    {
        try
        {
            while (true)
            {
                await send.ConfigureAwait(false);
                if (!TryNext(out var frame))
                {
                    return;
                }

                send = Write(frame);
            }
        }
        catch (Exception ex)
        {
            Break(ex);
        }
    }

    /// <returns>False when nothing waits: the caller that adds the next frame sends it.</returns>
    private bool TryNext(out ReadOnlyMemory<byte> frame)
    {
        OutboundFrame next = default;
        lock (_lock)
        {
            _isSending = _waiting?.TryTake(out next) is true;
            _inFlight = !_isSending ? 0 : next.Json.IsEmpty ? sizeof(char) * next.Delta!.Text.Length : next.Json.Length;
            Count();
            if (_room is not null && HasRoomFor(0))
            {
                _room.TrySetResult();
                _room = null;
            }

            if (!_isSending)
            {
                _idle?.TrySetResult();
                frame = default;
                return false;
            }
        }

        frame = next.Encoded();
        return true;
    }

    /// <summary>The socket takes nothing more. What only a bug can throw is thrown again where the connection ends.</summary>
    private void Break(Exception ex)
    {
        var isBroken = ex is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
        lock (_lock)
        {
            (_isSending, _inFlight, _fault) = (false, 0, isBroken ? null : ex);
            Drop();
            _idle?.TrySetResult();
        }

        connection.Close(isBroken ? CloseReason.PeerVanished : CloseReason.InternalError);
    }

    private ValueTask Write(ReadOnlyMemory<byte> frame)
    {
        _sendStartedAt = clock.GetTimestamp();
        Sent++;
        metrics.FrameSent();
        // Not cancellable: cancelling a send aborts the socket and loses the close frame. The sweep watches the time.
        return connection.Socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }
}
