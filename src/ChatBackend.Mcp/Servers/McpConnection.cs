using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Servers;

/// <summary>A server that is there: what it offers, and calls of it. Ends once, and is not used again.</summary>
internal sealed class McpConnection
{
    // From this revision on, servers tell changes of the list only to a client that keeps a request open for it.
    private const string WithoutNotifications = "2026-07-28";

    private static readonly TimeSpan LongestAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefreshTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RefreshWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TimeToTell = TimeSpan.FromSeconds(2);

    private readonly McpClient _client;
    private readonly ServerSettings _server;
    private readonly ToolList _list;
    private readonly TimeProvider _clock;
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private IReadOnlyList<ServerTool> _tools = [];
    private Task _refresh = Task.CompletedTask;
    private long _listedAt;
    private bool _changed;

    private McpConnection(McpClient client, ServerSettings server, ToolList list, TimeProvider clock)
    {
        (_client, _server, _list, _clock) = (client, server, list, clock);
        _listedAt = clock.GetTimestamp();
        client.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, (_, _) =>
        {
            // However often it is told, the list is read once for the next run.
            Volatile.Write(ref _changed, true);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Has read the server's tools.</summary>
    public static async Task<McpConnection> OpenAsync(McpClient client, ServerSettings server, ToolList list, TimeProvider clock, CancellationToken cancellationToken)
    {
        var connection = new McpConnection(client, server, list, clock);
        Volatile.Write(ref connection._tools, await list.ReadAsync(client, cancellationToken));
        return connection;
    }

    /// <summary>Ends with the reason, once the server is not there any more.</summary>
    public async Task<string> EndedAsync(CancellationToken cancellationToken)
    {
        var over = _client.Completion;
        await Task.WhenAny(over, _broken.Task).WaitAsync(cancellationToken);
        return _broken.Task.IsCompletedSuccessfully ? await _broken.Task : (await over).Exception is { } ex ? ServerProblem.Of(ex, _server) : "It ended.";
    }

    /// <summary>The server is not there any more.</summary>
    public bool IsOver => _broken.Task.IsCompleted || _client.Completion.IsCompleted;

    /// <summary>Ends once its session has let go of it.</summary>
    public Task Left => _left.Task;

    public void Leave() => _left.TrySetResult();

    /// <summary>The last tools that were read.</summary>
    public IReadOnlyList<ServerTool> Tools => Volatile.Read(ref _tools);

    /// <summary>The server's tools, read again if they have changed. A server that does not answer in time has those that were read before.</summary>
    public async Task<IReadOnlyList<ServerTool>> CurrentToolsAsync(CancellationToken cancellationToken)
    {
        Task refresh;
        lock (_lock)
        {
            if (_refresh.IsCompleted && (Volatile.Read(ref _changed) || IsOld()))
            {
                Volatile.Write(ref _changed, false);
                _listedAt = _clock.GetTimestamp();
                _refresh = Task.Run(RefreshAsync, CancellationToken.None);
            }

            refresh = _refresh;
        }

        try
        {
            await refresh.WaitAsync(RefreshWait, _clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It goes on, for a later run.
        }

        return Tools;
    }

    /// <param name="progress">Is told what the server reports of the call.</param>
    public async Task<CallToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, Func<ProgressNotificationParams, ValueTask> progress, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        var parameters = new CallToolRequestParams
        {
            Name = tool,
            Arguments = arguments.ToDictionary(argument => argument.Key, argument => JsonSerializer.SerializeToElement(argument.Value, McpJsonUtilities.DefaultOptions)),
            Meta = new JsonObject { ["progressToken"] = id },
        };
        await using var reports = _client.RegisterNotificationHandler(
            NotificationMethods.ProgressNotification,
            (notification, _) => ProgressOf(notification) is { } report && report.ProgressToken.ToString() == id ? progress(report) : ValueTask.CompletedTask);
        try
        {
            return await _client.SendRequestAsync<CallToolRequestParams, CallToolResult>(RequestMethods.ToolsCall, parameters, McpJsonUtilities.DefaultOptions, new RequestId(id), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await TellCancelledAsync(id);
            throw;
        }
    }

    /// <summary>The server is not there any more, as a call has found.</summary>
    public void Break(string reason) => _broken.TrySetResult(reason);

    /// <summary>Looks every now and then whether an address is still there, since nothing tells when it goes; a program's end is seen at once.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!_broken.Task.IsCompleted)
        {
            await Task.Delay(PingInterval, _clock, cancellationToken);
            await IsGoneAsync(cancellationToken);
        }
    }

    /// <summary>Whether the server is not there any more; an address is asked.</summary>
    public async Task<bool> IsGoneAsync(CancellationToken cancellationToken)
    {
        if (_server.IsAddress && !_broken.Task.IsCompleted)
        {
            using var time = new CancellationTokenSource(PingTimeout, _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
            try
            {
                await _client.PingAsync(cancellationToken: either.Token);
            }
            catch (HttpRequestException ex) when (ServerProblem.EndsTheConnection(ex))
            {
                Break(ServerProblem.Of(ex, _server));
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // It is busy, or knows no ping: it is there.
            }
        }

        return IsOver;
    }

    private bool IsOld() =>
        string.CompareOrdinal(_client.NegotiatedProtocolVersion, WithoutNotifications) >= 0 && _clock.GetElapsedTime(_listedAt) > LongestAge;

    private async Task RefreshAsync()
    {
        using var time = new CancellationTokenSource(RefreshTimeout, _clock);
        try
        {
            Volatile.Write(ref _tools, await _list.ReadAsync(_client, time.Token));
        }
        catch (Exception ex)
        {
            Volatile.Write(ref _changed, true);
            _list.NotRead(ServerProblem.Of(ex, _server));
        }
    }

    // The SDK tells it to a program; to an address it only closes the request, which by the protocol does not end the call.
    private async Task TellCancelledAsync(string id)
    {
        if (!_server.IsAddress)
        {
            return;
        }

        using var time = new CancellationTokenSource(TimeToTell, _clock);
        try
        {
            await _client.SendNotificationAsync(
                NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = new RequestId(id) }, cancellationToken: time.Token);
        }
        catch (Exception ex) when (ex is HttpRequestException or McpException or OperationCanceledException)
        {
            // It does not take it. Nothing waits for the call any more; whether the server is there, its next ping shows.
        }
    }

    private static ProgressNotificationParams? ProgressOf(JsonRpcNotification notification)
    {
        try
        {
            return notification.Params.Deserialize<ProgressNotificationParams>(McpJsonUtilities.DefaultOptions);
        }
        catch (JsonException)
        {
            return null; // a report that cannot be read is none
        }
    }
}
