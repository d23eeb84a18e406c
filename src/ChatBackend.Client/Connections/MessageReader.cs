using System.Buffers;
using System.Net.WebSockets;

namespace ChatBackend.Client.Connections;

/// <summary>Puts whole messages together from what a socket receives.</summary>
internal sealed class MessageReader(WebSocket socket, int maxBytes)
{
    private const int Piece = 4 * 1024;

    private readonly ArrayBufferWriter<byte> _message = new(Piece);

    /// <summary>The peer's close code, once <see cref="ReadAsync"/> has returned null.</summary>
    public int? CloseCode => (int?)socket.CloseStatus;

    public string CloseReason => socket.CloseStatusDescription ?? "";

    /// <summary>The next message, valid until the next call; null when the peer closed.</summary>
    /// <exception cref="WebSocketException">The socket broke, or the message is larger than a frame may be.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        _message.ResetWrittenCount();
        while (true)
        {
            var piece = await socket.ReceiveAsync(_message.GetMemory(Piece), cancellationToken);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            _message.Advance(piece.Count);
            if (_message.WrittenCount > maxBytes)
            {
                throw new WebSocketException(WebSocketError.Faulted, $"The server sent a frame of more than {maxBytes} bytes.");
            }

            if (piece.EndOfMessage)
            {
                return _message.WrittenMemory;
            }
        }
    }
}
