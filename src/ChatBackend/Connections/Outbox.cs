using System.Net.WebSockets;
using ChatBackend.Telemetry;
using ChatBackend.Threads;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// What waits to be sent on one socket, bounded in bytes, with one writer at a time: a caller that finds it idle sends at
/// once, everybody else queues behind, where text gathers. A peer that reads too slowly ends its own connection and delays nobody.
/// </summary>
internal sealed class Outbox(ConnectionContext connection, IOptions<ConnectionOptions> options, OutboxMemory memory, ChatMetrics metrics, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private WaitingFrames? _waiting;
    private bool _isSending;
    private bool _isClosed;
    private long _sendStartedAt;
    private Task _sending = Task.CompletedTask;
    private TaskCompletionSource? _room;
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
    public bool Enqueue(ReadOnlyMemory<byte> frame) => Enqueue(new OutgoingFrame(null, frame));

    /// <summary>Sends the frame, now or when those before it are sent. Never waits.</summary>
    /// <returns>False when the connection is closing: the frame goes nowhere.</returns>
    public bool Enqueue(in OutgoingFrame frame)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            if (!_isSending)
            {
                Send(frame.Encoded());
                return true;
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
    public async ValueTask<bool> RoomAsync(int bytes, CancellationToken cancellationToken)
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
        Task sending;
        lock (_lock)
        {
            _isClosed = true;
            _room?.TrySetResult();
            sending = _sending;
        }

        await sending;
    }

    // In the lock, as are those after it. What is too much is dropped with the connection: it never stays above the limit.
    private bool TryKeep(in OutgoingFrame frame)
    {
        _waiting ??= new WaitingFrames();
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

    // Only when idle. A send that ends at once costs no task.
    private void Send(ReadOnlyMemory<byte> frame)
    {
        _isSending = true;
        ValueTask send;
        try
        {
            send = Write(frame);
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            send = ValueTask.FromException(broken);
        }

        if (send.IsCompletedSuccessfully)
        {
            _isSending = false;
        }
        else
        {
            _inFlight = frame.Length;
            Count();
            _sending = PumpAsync(send);
        }
    }

    private async Task PumpAsync(ValueTask send)
    {
        try
        {
            while (true)
            {
                await send.ConfigureAwait(false);
                OutgoingFrame next = default;
                lock (_lock)
                {
                    if (_waiting?.TryTake(out next) is not true)
                    {
                        (_isSending, _inFlight) = (false, 0);
                    }
                    else
                    {
                        _inFlight = next.Json.IsEmpty ? sizeof(char) * next.Delta!.Text.Length : next.Json.Length;
                    }

                    Count();
                    if (_room is not null && HasRoomFor(0))
                    {
                        _room.TrySetResult();
                        _room = null;
                    }

                    if (!_isSending)
                    {
                        return;
                    }
                }

                send = Write(next.Encoded());
            }
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            lock (_lock)
            {
                (_isSending, _inFlight) = (false, 0);
                Drop();
            }

            connection.Close(CloseReason.PeerVanished);
        }
    }

    private ValueTask Write(ReadOnlyMemory<byte> frame)
    {
        _sendStartedAt = clock.GetTimestamp();
        Sent++;
        metrics.EventSent();
        // Not cancellable: cancelling a send aborts the socket and loses the close frame. The sweep watches the time.
        return connection.Socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    private static bool IsBroken(Exception thrown) =>
        thrown is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
}
