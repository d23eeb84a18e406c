using System.Buffers;
using System.Net.WebSockets;
using ChatBackend.Protocol;

namespace ChatBackend.Connections;

/// <summary>
/// Reads whole messages. While nothing comes, no buffer is held; the size is counted over all fragments, and a message
/// is refused before the byte after its limit is kept.
/// </summary>
internal sealed class MessageReader(WebSocket socket, int maxBytes) : IDisposable
{
    private const int FirstBuffer = 4096;
    private const int NoStatus = 1005;

    private byte[]? _buffer;

    /// <summary>Returns when there is something to read; until then the connection holds no buffer. What was read before is no longer valid.</summary>
    /// <returns>To be handed to <see cref="ReadAsync"/>: a call of its own, so that a connection that waits is in no method of the reader.</returns>
    public ValueTask<ValueWebSocketReceiveResult> WaitAsync()
    {
        Release();
        return socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
    }

    /// <summary>The message that begins, valid until the next call, or why there is none.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Message, CloseReason? Closed)> ReadAsync(ValueWebSocketReceiveResult first)
    {
        if (first.MessageType == WebSocketMessageType.Close)
        {
            return (default, PeerClosed());
        }

        if (first.EndOfMessage)
        {
            // An empty message is over with the read that only wanted to know.
            return first.MessageType == WebSocketMessageType.Binary ? (default, CloseReason.BinaryRefused) : (ReadOnlyMemory<byte>.Empty, null);
        }

        _buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBuffer, maxBytes));
        var count = 0;
        while (true)
        {
            var target = count < maxBytes ? Free(count) : new byte[1];
            var received = await socket.ReceiveAsync(target, CancellationToken.None);
            switch (received.MessageType)
            {
                case WebSocketMessageType.Close:
                    return (default, PeerClosed());
                case WebSocketMessageType.Binary:
                    return (default, CloseReason.BinaryRefused);
                default:
                    break;
            }

            if (count + received.Count > maxBytes)
            {
                return (default, CloseReason.TooBig);
            }

            count += received.Count;
            if (received.EndOfMessage)
            {
                return (_buffer.AsMemory(0, count), null);
            }
        }
    }

    public void Dispose() => Release();

    private Memory<byte> Free(int count)
    {
        if (count == _buffer!.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Min(count * 2, maxBytes));
            _buffer.AsSpan(0, count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(count, Math.Min(_buffer.Length, maxBytes) - count);
    }

    /// <summary>Answers with the peer's own code where that may stand in a close frame.</summary>
    private CloseReason PeerClosed() => (int?)socket.CloseStatus switch
    {
        null or CloseCodes.Normal or CloseCodes.GoingAway or NoStatus => CloseReason.ClientDone,
        (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999) => new CloseReason("client_failed", (int?)socket.CloseStatus),
        _ => new CloseReason("client_failed", CloseCodes.Normal),
    };

    private void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
