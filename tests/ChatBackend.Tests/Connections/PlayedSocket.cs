using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Connections;

/// <summary>The server's end of a socket whose peer is played by a test: what comes, what can be sent, and what becomes of a close.</summary>
internal sealed class PlayedSocket : WebSocket
{
    private readonly Channel<Piece> _incoming = Channel.CreateUnbounded<Piece>();
    private readonly Lock _lock = new();
    private readonly List<JsonElement> _sent = [];
    private readonly List<string> _events = [];
    private Piece? _current;
    private WebSocketCloseStatus? _closeStatus;
    private WebSocketState _state = WebSocketState.Open;

    /// <summary>Until it ends, so does no send.</summary>
    public TaskCompletionSource? SendGate { get; set; }

    /// <summary>Until it ends, our close frame is not sent.</summary>
    public TaskCompletionSource? CloseGate { get; set; }

    /// <summary>Whether what is under way ends with <see cref="Abort"/>, as it does for a socket.</summary>
    public bool EndsWithAbort { get; init; } = true;

    /// <summary>Where the bytes of each read went to.</summary>
    public List<ArraySegment<byte>> Buffers { get; } = [];

    /// <summary>Frames that were sent, in order.</summary>
    public IReadOnlyList<JsonElement> Sent => Locked(() => _sent.ToList());

    /// <summary>How it ended: <c>close 1001 draining</c>, <c>abort</c>.</summary>
    public IReadOnlyList<string> Events => Locked(() => _events.ToList());

    public override WebSocketCloseStatus? CloseStatus => _closeStatus;

    public override string? CloseStatusDescription => null;

    public override WebSocketState State => _state;

    public override string? SubProtocol => null;

    public void Come(string text, bool isEnd = true) => Come(Encoding.UTF8.GetBytes(text), isEnd);

    public void Come(byte[] bytes, bool isEnd = true, WebSocketMessageType type = WebSocketMessageType.Text) => _incoming.Writer.TryWrite(new Piece(bytes, type, isEnd));

    public void ComeClose(int? code) => _incoming.Writer.TryWrite(new Piece([], WebSocketMessageType.Close, true) { Code = code });

    public void Break(Exception failure) => _incoming.Writer.TryWrite(new Piece([], WebSocketMessageType.Text, true) { Failure = failure });

    public async Task<JsonElement> SentAsync(int index)
    {
        await Deadline.UntilAsync(() => Sent.Count > index);
        return Sent[index];
    }

    public Task EventsAsync(int count) => Deadline.UntilAsync(() => Events.Count >= count);

    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var piece = _current ??= await _incoming.Reader.ReadAsync(cancellationToken);
        if (piece.Failure is { } failure)
        {
            (_current, _state) = (null, failure is WebSocketException ? WebSocketState.Aborted : _state);
            throw failure;
        }

        if (piece.Type == WebSocketMessageType.Close)
        {
            (_current, _closeStatus, _state) = (null, (WebSocketCloseStatus?)piece.Code, WebSocketState.CloseReceived);
        }
        else if (buffer.IsEmpty && piece.Left > 0)
        {
            piece.IsAnnounced = piece.IsAnnounced ? throw new InvalidOperationException("Nothing is read of what has come.") : true;
            return new ValueWebSocketReceiveResult(0, piece.Type, endOfMessage: false);
        }

        MemoryMarshal.TryGetArray<byte>(buffer, out var array);
        var count = Math.Min(piece.Left, buffer.Length);
        Buffers.Add(array[..count]);
        piece.Bytes.AsMemory(piece.Read, count).CopyTo(buffer);
        piece.Read += count;
        if (piece.Left > 0)
        {
            return new ValueWebSocketReceiveResult(count, piece.Type, endOfMessage: false);
        }

        _current = null;
        return new ValueWebSocketReceiveResult(count, piece.Type, piece.IsEnd);
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        (messageType, endOfMessage).Should().Be((WebSocketMessageType.Text, true));
        var frame = JsonDocument.Parse(buffer).RootElement;
        await (SendGate?.Task ?? Task.CompletedTask);
        Locked(() => _sent.Add(frame));
    }

    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        await (CloseGate?.Task ?? Task.CompletedTask);
        Locked(() => _events.Add($"close {(int)closeStatus} {statusDescription}"));
        _state = WebSocketState.CloseSent;
    }

    public override void Abort()
    {
        Locked(() => _events.Add("abort"));
        _state = WebSocketState.Aborted;
        if (EndsWithAbort)
        {
            End();
        }
    }

    /// <summary>Ends what is under way, as a socket that is no more.</summary>
    public void End()
    {
        var failure = new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
        Break(failure);
        SendGate?.TrySetException(failure);
        CloseGate?.TrySetException(failure);
    }

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override void Dispose()
    {
    }

    private void Locked(Action action) => Locked(() =>
    {
        action();
        return true;
    });

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    private sealed class Piece(byte[] bytes, WebSocketMessageType type, bool isEnd)
    {
        public byte[] Bytes => bytes;

        public WebSocketMessageType Type => type;

        public bool IsEnd => isEnd;

        public bool IsAnnounced { get; set; }

        public int Read { get; set; }

        public int Left => bytes.Length - Read;

        public int? Code { get; init; }

        public Exception? Failure { get; init; }
    }
}
