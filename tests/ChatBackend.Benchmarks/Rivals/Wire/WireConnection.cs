using System.Net.WebSockets;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>
/// A socket with one writer at a time: whoever finds it idle sends at once, everybody else queues behind. A peer that
/// reads too slowly loses its connection and delays nobody.
/// </summary>
internal sealed class WireConnection(WebSocket socket)
{
    private const int MaxWaitingBytes = 1024 * 1024;

    private readonly Lock _lock = new();
    private Queue<byte[]>? _waiting;
    private int _waitingBytes;
    private bool _isSending;
    private bool _isClosed;
    private Task _sending = Task.CompletedTask;
    private HashSet<WireThread>? _threads;

    public ConnectionId Id { get; } = ConnectionId.New();

    /// <returns>False when it follows the thread already.</returns>
    public bool TryFollow(WireThread thread)
    {
        lock (_lock)
        {
            return (_threads ??= []).Add(thread);
        }
    }

    public bool Follows(WireThread thread)
    {
        lock (_lock)
        {
            return _threads?.Contains(thread) == true;
        }
    }

    /// <summary>The threads it followed; it follows none any more.</summary>
    public IReadOnlyCollection<WireThread> TakeThreads()
    {
        lock (_lock)
        {
            var threads = _threads;
            _threads = null;
            return threads ?? [];
        }
    }

    /// <summary>Sends the frame, now or when those before it are sent. Never waits.</summary>
    public void Send(byte[] frame)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            if (!_isSending)
            {
                SendNow(frame);
                return;
            }

            (_waiting ??= new Queue<byte[]>()).Enqueue(frame);
            _waitingBytes += frame.Length;
            if (_waitingBytes <= MaxWaitingBytes)
            {
                return;
            }

            (_isClosed, _waiting) = (true, null);
        }

        socket.Abort();
    }

    /// <summary>Sends what waits and then the close frame, unless that takes too long.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, TimeSpan bound)
    {
        Task sending;
        lock (_lock)
        {
            _isClosed = true;
            sending = _sending;
        }

        try
        {
            await sending.WaitAsync(bound);
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(status, null, CancellationToken.None).WaitAsync(bound);
            }
        }
        catch (Exception ex) when (ex is TimeoutException || IsBroken(ex))
        {
            socket.Abort();
        }
    }

    public void Abort() => socket.Abort();

    /// <summary>What a socket throws whose peer is gone.</summary>
    public static bool IsBroken(Exception thrown) =>
        thrown is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;

    // In the lock, and only when idle. A send that ends at once costs no task.
    private void SendNow(byte[] frame)
    {
        _isSending = true;
        ValueTask send;
        try
        {
            send = Write(frame);
        }
        catch (Exception ex) when (IsBroken(ex))
        {
            send = ValueTask.FromException(ex);
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
                byte[]? next;
                lock (_lock)
                {
                    if (_waiting is null || !_waiting.TryDequeue(out next))
                    {
                        _isSending = false;
                        return;
                    }

                    _waitingBytes -= next.Length;
                }

                send = Write(next);
            }
        }
        catch (Exception ex) when (IsBroken(ex))
        {
            lock (_lock)
            {
                (_isClosed, _isSending, _waiting) = (true, false, null);
            }
        }
    }

    private ValueTask Write(byte[] frame) =>
        socket.SendAsync(frame.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
