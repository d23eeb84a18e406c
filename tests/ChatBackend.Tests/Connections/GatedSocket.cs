using System.Net.WebSockets;

namespace ChatBackend.Tests.Connections;

/// <summary>A socket that only sends, each message until a test ends it. What waits for a send has gone on when that call has ended.</summary>
internal sealed class GatedSocket : WebSocket
{
    private readonly Queue<TaskCompletionSource> _sends = new();

    /// <summary>Of the messages that were begun.</summary>
    public List<int> Lengths { get; } = [];

    /// <summary>Thrown as a send begins.</summary>
    public Exception? Broken { get; set; }

    public override WebSocketCloseStatus? CloseStatus => null;

    public override string? CloseStatusDescription => null;

    public override WebSocketState State => WebSocketState.Open;

    public override string? SubProtocol => null;

    public Task EndSendAsync() => WithoutContextAsync(send => send.SetResult());

    public Task FailSendAsync(Exception failure) => WithoutContextAsync(send => send.SetException(failure));

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        if (Broken is { } broken)
        {
            throw broken;
        }

        Lengths.Add(buffer.Length);
        var send = new TaskCompletionSource();
        _sends.Enqueue(send);
        return new ValueTask(send.Task);
    }

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override void Abort()
    {
    }

    public override void Dispose()
    {
    }

    /// <summary>In the synchronization context of a test what waits for the send would go on later, beside the test.</summary>
    private Task WithoutContextAsync(Action<TaskCompletionSource> end) => Task.Run(() => end(_sends.Dequeue()));
}
