using System.Net.WebSockets;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// The life of one socket: a receive loop that only parses and hands on, and one way to die. Everything that ends it calls
/// <see cref="ConnectionContext.Close"/>; the first cause wins and is what is logged, counted and sent.
/// </summary>
internal sealed partial class ConnectionLoop(
    ConnectionContext context, Outbox outbox, MessageRouter router, Refusals refusals, IOptions<ConnectionOptions> options, TimeProvider clock, ILogger<ConnectionLoop> logger)
{
    /// <summary>Messages received, for the line that closes the connection.</summary>
    public long Received { get; private set; }

    public long Sent => outbox.Sent;

    /// <summary>Ends with the connection; never throws for what a peer can do.</summary>
    public async Task<CloseReason> RunAsync()
    {
        var receiving = ReceiveAsync();
        var reason = await context.Closed;

        // The ladder. What waits is sent, then our close frame, then the peer has a moment to answer; a step that
        // does not end in time ends the socket, and both loops end with it.
        var closing = Task.CompletedTask;
        if (reason.Status is { } status)
        {
            closing = CloseOutputAsync(status, reason);
            await WithinAsync(closing);
            if (!receiving.IsCompleted)
            {
                await WithinAsync(receiving);
            }
        }

        if (reason == CloseReason.ProtocolError)
        {
            await PeerGoneAsync();
        }

        context.Socket.Abort();
        await outbox.CompleteAsync();
        await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its fault is logged, or it ended with the socket
        await receiving;
        return reason;
    }

    /// <summary>Parses and hands on, and nothing else, until there is nothing more to read.</summary>
    private async Task ReceiveAsync()
    {
        using var reader = new MessageReader(context.Socket, options.Value.MaxMessageBytes);
        try
        {
            while (true)
            {
                var first = await reader.WaitAsync();
                context.MessageStartedAt = clock.GetTimestamp();
                var (message, closed) = await reader.ReadAsync(first);
                context.MessageStartedAt = 0;
                if (closed is null)
                {
                    Take(message);
                    continue;
                }

                context.Close(closed);
                if (closed.Code is CloseCodes.BinaryRefused or CloseCodes.TooBig)
                {
                    await IgnoreRestAsync();
                }

                return;
            }
        }
        catch (WebSocketException ex) when (ex.WebSocketErrorCode == WebSocketError.Faulted)
        {
            context.Close(CloseReason.ProtocolError);
        }
        catch (Exception ex) when (ex is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            context.Close(CloseReason.PeerVanished);
        }
        catch (Exception ex)
        {
            ReceiveBroke(ex);
            context.Close(CloseReason.InternalError);
        }
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        Received++;
        if (context.Closed.IsCompleted)
        {
            return; // only the peer's close frame counts now
        }

        var (frame, error) = ClientFrameReader.Read(message);
        if (frame is not null)
        {
            router.Route(context.Id, frame, message.Length);
        }
        else
        {
            refusals.Command(error!.Code, "Frame");
            outbox.Enqueue(WireJson.Encode(error));
        }
    }

    /// <summary>Reads on, keeping nothing, so that the peer can take our close frame and send its own; the ladder bounds it.</summary>
    private async Task IgnoreRestAsync()
    {
        var scratch = new byte[4096];
        while ((await context.Socket.ReceiveAsync(scratch.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    private async Task CloseOutputAsync(WebSocketCloseStatus status, CloseReason reason)
    {
        await outbox.CompleteAsync();
        if (context.Socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await context.Socket.CloseOutputAsync(status, reason.Name, CancellationToken.None);
        }
    }

    /// <summary>Waits for a step of the ladder, but not longer than it may take.</summary>
    private async Task WithinAsync(Task step)
    {
        try
        {
            await step.WaitAsync(options.Value.CloseTimeout, clock);
        }
        catch (Exception ex) when (ex is TimeoutException or WebSocketException or OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            CloseStepFailed(ex.GetType().Name);
            context.Socket.Abort();
        }
    }

    /// <summary>The library has written its close frame and left the socket in a state whose disposal resets the transport: the frame gets a moment to arrive.</summary>
    private async Task PeerGoneAsync() =>
        await Task.Delay(options.Value.CloseTimeout, clock, context.PeerGone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(LogLevel.Error, "Unhandled exception in the receive loop")]
    private partial void ReceiveBroke(Exception bug);

    [LoggerMessage(LogLevel.Debug, "A step of the close did not succeed: {Cause}")]
    private partial void CloseStepFailed(string cause);
}
