using System.Net.WebSockets;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// What waits to be sent on one socket, bounded in bytes, with one writer at a time: whoever finds it idle sends at
/// once, everybody else queues behind. A peer that reads too slowly ends its own connection and delays nobody.
/// </summary>
internal sealed class Outbox(ConnectionContext connection, IOptions<ConnectionOptions> options, ChatMetrics metrics, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private Queue<ReadOnlyMemory<byte>>? _waiting;
    private int _waitingBytes;
    private bool _isSending;
    private bool _isClosed;
    private long _sendStartedAt;
    private Task _sending = Task.CompletedTask;
    private TaskCompletionSource? _room;

    /// <summary>Called when the outbox can no longer do its work. The first cause wins.</summary>
    public Action<CloseReason>? Failed { get; set; }

    /// <summary>Frames sent, for the line that closes the connection.</summary>
    public long Sent { get; private set; }

    /// <summary>Sends the frame, now or when those before it are sent. Never waits.</summary>
    /// <returns>False when the connection is closing: the frame goes nowhere.</returns>
    public bool Enqueue(ReadOnlyMemory<byte> frame)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            if (!_isSending)
            {
                Send(frame);
                return true;
            }

            if (_waitingBytes + frame.Length <= options.Value.MaxOutboxBytes || _waitingBytes == 0)
            {
                (_waiting ??= new Queue<ReadOnlyMemory<byte>>()).Enqueue(frame);
                _waitingBytes += frame.Length;
                return true;
            }

            _isClosed = true;
            _waiting = null;
            _waitingBytes = 0;
        }

        Failed?.Invoke(CloseReason.OutboxFull);
        return false;
    }

    /// <summary>Waits until at most half of what may wait does.</summary>
    /// <returns>False when the connection is closing.</returns>
    public async Task<bool> RoomAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_isClosed || _waitingBytes <= options.Value.MaxOutboxBytes / 2)
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

    // In the lock, and only when idle. A send that ends at once costs no task.
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
                ReadOnlyMemory<byte> next;
                lock (_lock)
                {
                    if (_waiting is null || !_waiting.TryDequeue(out next))
                    {
                        _isSending = false;
                        return;
                    }

                    _waitingBytes -= next.Length;
                    if (_room is not null && _waitingBytes <= options.Value.MaxOutboxBytes / 2)
                    {
                        _room.TrySetResult();
                        _room = null;
                    }
                }

                send = Write(next);
            }
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            lock (_lock)
            {
                (_isClosed, _isSending, _waiting, _waitingBytes) = (true, false, null, 0);
                _room?.TrySetResult();
            }

            Failed?.Invoke(CloseReason.PeerVanished);
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
