using System.Net.WebSockets;
using System.Threading.Channels;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>The sockets of a tab, one after the other, and what comes over them.</summary>
internal sealed partial class Tab
{
    private const int MostUnsent = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private ChannelWriter<ClientFrame>? _socket;
    private ClientWebSocket? _open;
    private int _sockets;
    private int _received;

    /// <summary>Cuts the socket from this side; the tab takes another one.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _open?.Abort();
        }
    }

    private async Task LiveAsync()
    {
        while (!_leaving.IsCancellationRequested)
        {
            using var socket = new ClientWebSocket();
            socket.Options.AddSubProtocol(ChatProtocol.Name);
            socket.Options.SetRequestHeader("Authorization", $"Bearer {_guest.Token}");
            try
            {
                using var connecting = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token);
                connecting.CancelAfter(ConnectTimeout);
                await socket.ConnectAsync(_server, connecting.Token);
                await ServeAsync(socket);
            }
            catch (Exception ex) when (IsLost(ex))
            {
                // as the proxy or the server wanted
            }

            if (!_leaving.IsCancellationRequested)
            {
                await PauseAsync(0);
            }
        }
    }

    private async Task ServeAsync(ClientWebSocket socket)
    {
        var unsent = Channel.CreateBounded<ClientFrame>(MostUnsent);
        Resume(socket, unsent.Writer);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token);
        var writing = WriteAsync(socket, unsent.Reader, ending);
        try
        {
            await ReadAsync(socket, ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            await writing;
            Lost();
        }
    }

    /// <summary>A new socket: every thread from where the tab is, then what was not answered, in the order it was asked.</summary>
    private void Resume(ClientWebSocket socket, ChannelWriter<ClientFrame> writer)
    {
        lock (_lock)
        {
            (_open, _socket, _received) = (socket, writer, 0);
            _sockets++;
            foreach (var following in _followed.Values)
            {
                Transmit(following.Frame());
            }

            foreach (var pending in _pending.Values)
            {
                Transmit(pending.Command);
            }
        }
    }

    private void Lost()
    {
        lock (_lock)
        {
            (_open, _socket) = (null, null);
            foreach (var (thread, following) in _followed.Where(thread => thread.Value.Leaving is not null).ToList())
            {
                Leave(thread, following); // a socket that is gone follows nothing
            }
        }
    }

    private void Transmit(ClientFrame frame)
    {
        if (_socket?.TryWrite(frame) == false)
        {
            _evidence.Broken(Name, $"{MostUnsent} frames wait to be sent");
        }
    }

    private static async Task WriteAsync(ClientWebSocket socket, ChannelReader<ClientFrame> unsent, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var frame in unsent.ReadAllAsync(ending.Token))
            {
                await socket.SendAsync(WireJson.Encode(frame), WebSocketMessageType.Text, endOfMessage: true, ending.Token);
            }
        }
        catch (Exception ex) when (IsLost(ex))
        {
            await ending.CancelAsync();
        }
    }

    /// <summary>The socket was cut, from here or from there. One that was aborted calls itself disposed.</summary>
    private static bool IsLost(Exception failure) => failure is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException;

    private async Task ReadAsync(ClientWebSocket socket, CancellationToken ending)
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), ending);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                if (socket.CloseStatus is not (WebSocketCloseStatus.EndpointUnavailable or (WebSocketCloseStatus)4409 or (WebSocketCloseStatus)1013))
                {
                    _evidence.Broken(Name, $"closed with {(int?)socket.CloseStatus} {socket.CloseStatusDescription}");
                }

                return;
            }

            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                Take(message.GetBuffer().AsSpan(0, (int)message.Length));
                message.SetLength(0);
            }
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        var frame = WireJson.DecodeServerFrame(bytes);
        lock (_lock)
        {
            if ((_received++ == 0) != frame is ConnectionEstablished)
            {
                _evidence.Broken(Name, $"frame {_received} of a connection is {frame.GetType().Name}");
            }

            switch (frame)
            {
                case Ack ack:
                    Take(ack);
                    break;
                case Error error:
                    Take(error);
                    break;
                case CaughtUp caughtUp when Known(caughtUp.ThreadId, frame) is { } following:
                    following.Ledger.Take(caughtUp);
                    following.CaughtUp.TrySetResult();
                    break;
                case PartDelta delta when Known(delta.ThreadId, frame) is { } following:
                    _evidence.Sightings.Take(delta, following.Ledger.Cursor);
                    following.Ledger.Take(delta);
                    break;
                case ThreadEvent threadEvent when Known(threadEvent.ThreadId, frame) is { } following:
                    following.Take(threadEvent);
                    if (!_evidence.Sightings.Take(threadEvent, bytes))
                    {
                        _evidence.Broken(Name, $"{threadEvent.ThreadId}: event {threadEvent.Seq} is not what others were sent");
                    }

                    break;
            }
        }
    }

    private void Take(Ack ack)
    {
        _sends.Take(ack);
        if (ack is { Status: AckStatus.Accepted, ThreadId: { } where, Seq: { } seq }
            && _followed.TryGetValue(where, out var known) && known.Ledger.Cursor >= seq)
        {
            _evidence.Broken(Name, $"{where}: the ack of event {seq} comes after event {known.Ledger.Cursor}");
        }

        foreach (var (thread, following) in _followed)
        {
            if (following.Leaving == ack.Id)
            {
                Leave(thread, following);
                return;
            }
        }

        if (!_pending.Remove(ack.Id, out var pending))
        {
            _evidence.Broken(Name, $"nobody asked for {ack}");
            return;
        }

        if (pending.Command is ChatFrame && ack is { ThreadId: { } joined, Seq: { } first } && !_followed.ContainsKey(joined))
        {
            _followed.Add(joined, New(joined, first - 1));
        }

        pending.Answer.TrySetResult(ack);
    }

    private void Take(Error error)
    {
        if (error.Code is ErrorCode.Internal or ErrorCode.InvalidFrame or ErrorCode.InvalidJson or ErrorCode.UnknownType or ErrorCode.TooLarge)
        {
            _evidence.Broken(Name, $"{error}");
        }

        if (error.Id is { } id && _pending.Remove(id, out var pending))
        {
            pending.Answer.TrySetResult(error);
        }
        else if (_followed.Values.FirstOrDefault(following => following.Asked == error.Id || following.Leaving == error.Id || following.Next?.Asked == error.Id) is { } refused)
        {
            if (error.Code is not (ErrorCode.Unavailable or ErrorCode.RateLimited))
            {
                _evidence.Broken(Name, $"follow of {refused.Ledger.Thread} after {refused.Ledger.Cursor}: {error}");
            }

            _open?.Abort(); // it asks again on the next socket
        }
        else
        {
            _evidence.Broken(Name, $"nobody asked for {error}");
        }
    }

    /// <summary>What comes of a thread that is not followed was sent to the wrong place.</summary>
    private Following? Known(ThreadId thread, ServerFrame frame)
    {
        if (_followed.TryGetValue(thread, out var following))
        {
            return following;
        }

        _evidence.Broken(Name, $"{thread} is not followed: {frame.GetType().Name}");
        return null;
    }

    private void Leave(ThreadId thread, Following following)
    {
        if (following.Next is { } next)
        {
            following.HandOver(next);
            following.Next = null;
            _followed[thread] = next;
        }
        else
        {
            _followed.Remove(thread);
        }

        Forget(following);
    }

    /// <summary>So that nobody knocks without a rest.</summary>
    public Task PauseAsync(int atLeastMs)
    {
        int pause;
        lock (_lock)
        {
            pause = atLeastMs + _dice.Next(10, 250);
        }

        return Task.Delay(TimeSpan.FromMilliseconds(pause), TimeProvider.System, CancellationToken.None);
    }
}
