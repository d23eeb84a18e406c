using System.Net.WebSockets;
using ChatBackend.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// The life of one socket: a receive loop that only parses and hands on, and one way to die. Whatever ends it calls
/// <see cref="Close"/>; the first cause wins and is what is logged, counted and sent.
/// </summary>
internal sealed partial class ConnectionLoop(
    ConnectionContext context, Outbox outbox, MessageRouter router, IOptions<ConnectionOptions> options, TimeProvider clock, ILogger<ConnectionLoop> logger)
{
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandon = new();

    /// <summary>Messages received, for the line that closes the connection.</summary>
    public long Received { get; private set; }

    public long Sent => outbox.Sent;

    public void Close(CloseReason reason) => _closed.TrySetResult(reason);

    /// <summary>Ends with the connection; never throws for what a peer can do.</summary>
    public async Task<CloseReason> RunAsync()
    {
        outbox.Failed = Close;
        var receiving = ReceiveAsync();
        var reason = await _closed.Task;

        // The ladder. What waits is sent, then our close frame, then the peer has a moment to answer; a step that
        // does not end in time ends the socket, and both loops end with it.
        if (reason.Status is { } status)
        {
            await WithinAsync(CloseOutputAsync(status, reason));
            if (!receiving.IsCompleted)
            {
                await WithinAsync(receiving);
            }
        }

        if (reason != CloseReason.ProtocolError)
        {
            await GiveUpAsync();
        }

        await outbox.CompleteAsync();
        await receiving;
        _abandon.Dispose();
        return reason;
    }

    private async Task ReceiveAsync()
    {
        using var reader = new MessageReader(context.Socket, options.Value.MaxMessageBytes);
        try
        {
            var closed = await ReceiveMessagesAsync(reader);
            Close(closed);
            if (closed.Code is CloseCodes.BinaryRefused or CloseCodes.TooBig)
            {
                await IgnoreRestAsync();
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Close(CloseReason.PeerVanished);
        }
        catch (Exception bug)
        {
            ReceiveBroke(bug);
            Close(CloseReason.InternalError);
        }
    }

    /// <summary>Parses and hands on, and nothing else, until there is nothing more to read.</summary>
    private async Task<CloseReason> ReceiveMessagesAsync(MessageReader reader)
    {
        while (true)
        {
            (ReadOnlyMemory<byte> Message, CloseReason? Closed) received;
            try
            {
                received = await reader.ReadAsync(_abandon.Token);
            }
            catch (WebSocketException broken) when (broken.WebSocketErrorCode == WebSocketError.Faulted)
            {
                // The library has sent its close frame. To abort now would lose it on the way; leaving the endpoint ends the socket.
                return CloseReason.ProtocolError;
            }

            if (received.Closed is { } closed)
            {
                return closed;
            }

            Received++;
            if (_closed.Task.IsCompleted)
            {
                continue; // only the peer's close frame counts now
            }

            var (frame, error) = ClientFrameReader.Read(received.Message);
            if (frame is not null)
            {
                router.Route(context.Id, frame, received.Message.Length);
            }
            else
            {
                outbox.Enqueue(WireJson.Encode(error!));
            }
        }
    }

    /// <summary>Reads on, keeping nothing, so that the peer can take our close frame and send its own; the ladder bounds it.</summary>
    private async Task IgnoreRestAsync()
    {
        var scratch = new byte[4096];
        while ((await context.Socket.ReceiveAsync(scratch.AsMemory(), _abandon.Token)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    private async Task CloseOutputAsync(WebSocketCloseStatus status, CloseReason reason)
    {
        await outbox.CompleteAsync();
        if (context.Socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await context.Socket.CloseOutputAsync(status, reason.Name, _abandon.Token);
        }
    }

    /// <summary>Waits for a step of the ladder, but not longer than it may take.</summary>
    private async Task WithinAsync(Task step)
    {
        try
        {
            await step.WaitAsync(options.Value.CloseTimeout, clock);
        }
        catch (Exception gone) when (gone is TimeoutException or WebSocketException or OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            CloseStepFailed(gone.GetType().Name);
            await GiveUpAsync();
        }
    }

    private async Task GiveUpAsync()
    {
        await _abandon.CancelAsync();
        context.Socket.Abort();
    }

    [LoggerMessage(LogLevel.Error, "The receive loop broke: a bug of the server's")]
    private partial void ReceiveBroke(Exception bug);

    [LoggerMessage(LogLevel.Debug, "A step of the close did not succeed: {Cause}")]
    private partial void CloseStepFailed(string cause);
}
