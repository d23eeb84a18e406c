using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>One socket after the other until one ends for good. Owns the task that all of a connection's work hangs from.</summary>
internal sealed class ConnectionLoop(
    ChatConnectionOptions options, CommandQueue commands, FollowedThreads threads, Action<ServerFrame, int> take, Action<ConnectionEnd> lost)
{
    private const int MaxRefusedTokens = 3;

    private readonly TaskCompletionSource<ConnectionEnd> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReconnectDelay _delay = new(options);
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private SocketSession? _session; // the last one, which may be over
    private string _token = "";
    private volatile ConnectionEstablished? _established;
    private volatile ChatConnectionState _state;

    public ConnectionEstablished Established => _established!;

    public ChatConnectionState State => _state;

    public Task<ConnectionEnd> Closed => _closed.Task;

    /// <param name="opened">Called when it is known who the user is, before anything is sent.</param>
    public async Task StartAsync(Func<ConnectionEstablished, CancellationToken, ValueTask> opened, CancellationToken cancellationToken)
    {
        _token = await options.Token(cancellationToken);
        var first = await OpenSocket.OpenAsync(options, _token, cancellationToken);
        try
        {
            await opened(first.Established, cancellationToken);
        }
        catch
        {
            first.Dispose();
            throw;
        }

        _established = first.Established;
        _running = RunAsync(first, Attach(first));
    }

    public async Task CloseAsync()
    {
        Stop(session => session.Close());
        await _running;
    }

    public void Abort() => Stop(session => session.Abort(isOurs: true));

    public void Drop()
    {
        lock (_lock)
        {
            _session?.Abort(isOurs: false);
        }
    }

    /// <summary>A socket that is there ends as it is asked to; none takes its place, also when it was being lost already.</summary>
    private void Stop(Action<SocketSession> end)
    {
        lock (_lock)
        {
            if (_session is { } session)
            {
                end(session);
            }

            _ = _stopping.CancelAsync(); // what it ends goes on outside of the lock
        }
    }

    private async Task RunAsync(OpenSocket socket, SocketSession session)
    {
        // The caller gets the connection before any callback runs.
        await Task.Yield();
        ConnectionEnd end;
        try
        {
            while (true)
            {
                end = await ServeAsync(socket, session);
                if (end.IsFinal)
                {
                    break;
                }

                _state = ChatConnectionState.Reconnecting;
                lost(end);
                options.OnDisconnected?.Invoke(end);
                (var next, end) = await ReopenAsync(end);
                if (next is null)
                {
                    break;
                }

                (socket, session) = (next, Attach(next));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            end = new ConnectionEnd { Reason = "closed from this side", IsOurs = true };
        }
        catch (Exception ex)
        {
            end = new ConnectionEnd { Reason = ex.Message, Cause = ex };
        }

        Finish(end);
    }

    /// <summary>From here on a close or an abort reaches the socket. One that came while it was being opened is final: the socket is not used.</summary>
    private SocketSession Attach(OpenSocket socket)
    {
        lock (_lock)
        {
            if (!_stopping.IsCancellationRequested)
            {
                return _session = new SocketSession(socket, commands, options, take);
            }
        }

        socket.Dispose();
        throw new OperationCanceledException(_stopping.Token);
    }

    private async Task<ConnectionEnd> ServeAsync(OpenSocket socket, SocketSession session)
    {
        var isReplacement = _established != socket.Established;
        _established = socket.Established;
        _state = ChatConnectionState.Connected;
        var since = options.TimeProvider.GetTimestamp();
        try
        {
            if (isReplacement)
            {
                options.OnReconnected?.Invoke(socket.Established);
            }

            commands.Begin(new SendWindow(socket.Established.Limits), () => threads.All);
            return await session.RunAsync();
        }
        finally
        {
            socket.Dispose();
            _delay.WasConnected(options.TimeProvider.GetElapsedTime(since));
            commands.Pause();
        }
    }

    private async Task<(OpenSocket? Socket, ConnectionEnd End)> ReopenAsync(ConnectionEnd end)
    {
        for (var refusedTokens = 0; ;)
        {
            await Task.Delay(_delay.Next(end), options.TimeProvider, _stopping.Token);
            try
            {
                var token = await options.Token(_stopping.Token);
                if (end.NeedsNewToken && token == _token)
                {
                    if (++refusedTokens == MaxRefusedTokens)
                    {
                        return (null, end);
                    }

                    continue;
                }

                _token = token;
                var socket = await OpenSocket.OpenAsync(options, token, _stopping.Token);
                if (socket.Established.UserId == Established.UserId)
                {
                    return (socket, end);
                }

                // What waits was written by the first user and must not be sent as another.
                socket.Dispose();
                return (null, new ConnectionEnd { Reason = "the token is of another user" });
            }
            catch (ChatConnectException ex)
            {
                end = ex.End;
                if (end.IsFinal)
                {
                    return (null, end);
                }
            }
            catch (Exception ex) when (ex is HttpRequestException or IOException or TimeoutException or OperationCanceledException { InnerException: TimeoutException })
            {
                end = end with { Cause = ex, RetryAfter = null, ReconnectWithin = null };
            }
        }
    }

    private void Finish(ConnectionEnd end)
    {
        _state = ChatConnectionState.Closed;
        var closed = new ChatClosedException(end);
        lost(end);
        commands.End(closed);
        threads.End(closed);
        _closed.TrySetResult(end);
    }
}
