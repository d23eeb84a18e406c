using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>One socket from its establishment to its end: one loop reads, one writes, one watches. The first cause of the end wins.</summary>
internal sealed class SocketSession(OpenSocket open, CommandQueue commands, ChatConnectionOptions options, Action<ServerFrame, int> take)
{
    private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebSocket _socket = open.Socket;
    private long _heardAt = options.TimeProvider.GetTimestamp();
    private TimeSpan? _reconnectWithin;
    private volatile bool _isClosing;

    /// <exception cref="Exception">What a callback of the caller's threw.</exception>
    public async Task<ConnectionEnd> RunAsync()
    {
        using var stop = new CancellationTokenSource();
        var receiving = ReceiveAsync();
        var sending = SendAsync(stop.Token);
        var watching = WatchAsync(stop.Token);
        try
        {
            var end = await _ended.Task;
            return end with { ReconnectWithin = _reconnectWithin };
        }
        finally
        {
            // The writer first, since the other two end by themselves once the socket is gone.
            await stop.CancelAsync();
            _socket.Abort();
            await Task.WhenAll(sending, watching, receiving);
        }
    }

    /// <summary>Sends what is being sent, then closes with 1000.</summary>
    public void Close()
    {
        _isClosing = true;
        commands.Signal();
    }

    /// <param name="isOurs">For good; else as a network failure would.</param>
    public void Abort(bool isOurs) => Give(new ConnectionEnd { Reason = isOurs ? "aborted from this side" : "dropped from this side", IsOurs = isOurs });

    private async Task ReceiveAsync()
    {
        try
        {
            while (await open.Messages.ReadAsync(CancellationToken.None) is { } message)
            {
                Volatile.Write(ref _heardAt, options.TimeProvider.GetTimestamp());
                var frame = ServerFrameReader.Read(message);
                if (frame is ServerDraining draining)
                {
                    _reconnectWithin = TimeSpan.FromMilliseconds(draining.ReconnectWithinMs);
                }

                take(frame, message.Length);
            }

            await AnswerCloseAsync();
            Give(new ConnectionEnd { CloseCode = open.Messages.CloseCode, Reason = open.Messages.CloseReason, IsOurs = _isClosing });
        }
        catch (Exception ex) when (ex is WebSocketException or JsonException or OperationCanceledException)
        {
            Give(Broken(ex.Message, ex));
        }
        catch (Exception ex)
        {
            _ended.TrySetException(ex);
        }
    }

    private async Task SendAsync(CancellationToken stop)
    {
        try
        {
            while (!_isClosing)
            {
                if (commands.Next(out var due) is { } frame)
                {
                    using var late = new CancellationTokenSource(options.SendTimeout, options.TimeProvider);
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
                    await _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, either.Token);
                }
                else
                {
                    await ChangedAsync(due, stop);
                }
            }

            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stop);
            await _ended.Task.WaitAsync(options.CloseTimeout, options.TimeProvider, stop);
        }
        catch (Exception ex) when (ex is WebSocketException or OperationCanceledException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            Give(Broken(ex is TimeoutException ? "the server did not answer the close" : ex.Message, ex));
        }
    }

    private async Task ChangedAsync(TimeSpan? due, CancellationToken stop)
    {
        if (due is not { } wait)
        {
            await commands.ChangedAsync(stop);
            return;
        }

        using var timer = new CancellationTokenSource(wait, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        try
        {
            await commands.ChangedAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It is due now.
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.PingInterval, options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (options.TimeProvider.GetElapsedTime(Volatile.Read(ref _heardAt)) > options.InboundTimeout)
                {
                    Give(Broken($"nothing was heard for {options.InboundTimeout}", null));
                    return;
                }

                commands.Ping(new PingFrame());
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The socket ended otherwise.
        }
    }

    /// <summary>The peer's close is answered, briefly: it may be gone already.</summary>
    private async Task AnswerCloseAsync()
    {
        if (_socket.State != WebSocketState.CloseReceived)
        {
            return;
        }

        try
        {
            using var late = new CancellationTokenSource(options.CloseTimeout, options.TimeProvider);
            await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, late.Token);
        }
        catch (Exception ex) when (ex is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Why it ended is known from its close frame.
        }
    }

    /// <summary>The end without a close frame of the peer. A close from this side counts as done, whatever failed meanwhile.</summary>
    private ConnectionEnd Broken(string reason, Exception? cause) =>
        new() { CloseCode = _isClosing ? CloseCodes.Normal : null, Reason = reason, Cause = cause, IsOurs = _isClosing };

    private void Give(ConnectionEnd end) => _ended.TrySetResult(end);
}
