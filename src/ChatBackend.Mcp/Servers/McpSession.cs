using ChatBackend.Mcp.Transport;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Servers;

/// <summary>Keeps one connection to a server: starts it, starts it again after it has died, waits longer before each further attempt, until it is disposed.</summary>
internal sealed partial class McpSession : IAsyncDisposable
{
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);

    private readonly ServerSettings _server;
    private readonly IReadOnlyDictionary<string, string> _userHeaders;
    private readonly McpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<McpSession> _logger;
    private readonly ToolList _list;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _work;
    private TaskCompletionSource<McpConnection> _up = NotThere();
    private McpConnection? _connection; // what _up has ended with
    private IReadOnlyList<ServerTool> _known = [];
    private long _downSince;
    private long _usedAt;
    private int _uses;

    public McpSession(ServerSettings server, IReadOnlyDictionary<string, string> userHeaders, McpMetrics metrics, TimeProvider clock, ILogger<McpSession> logger)
    {
        (_server, _userHeaders, _metrics, _clock, _logger) = (server, userHeaders, metrics, clock, logger);
        _list = new ToolList(server, logger);
        _downSince = _usedAt = clock.GetTimestamp();
        _work = Task.Run(() => KeepConnectedAsync(_stopping.Token));
    }

    /// <summary>Whether the last attempt to connect failed, or the connection is gone. Not yet while the first attempt is under way.</summary>
    public bool IsFailing { get; private set; }

    /// <summary>What the server offered when it was there last.</summary>
    public IReadOnlyList<ServerTool> KnownTools => Volatile.Read(ref _connection)?.Tools ?? Volatile.Read(ref _known);

    /// <summary>Since it was used last; nothing while a call is under way.</summary>
    public TimeSpan Idle => Volatile.Read(ref _uses) > 0 ? TimeSpan.Zero : _clock.GetElapsedTime(Volatile.Read(ref _usedAt));

    /// <summary>A call begins.</summary>
    public void Begin() => Interlocked.Increment(ref _uses);

    /// <summary>A call is over.</summary>
    public void End()
    {
        Volatile.Write(ref _usedAt, _clock.GetTimestamp());
        Interlocked.Decrement(ref _uses);
    }

    /// <summary>The connection. While there is none, waits as long as it can be expected soon.</summary>
    /// <returns>Null when the server is not there.</returns>
    public async Task<McpConnection?> ConnectionAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _usedAt, _clock.GetTimestamp());
        if (Volatile.Read(ref _connection) is { } connection)
        {
            if (!connection.IsOver)
            {
                return connection;
            }

            // A call has found it so just now: what comes after that call waits for the next connection.
            await connection.Left.WaitAsync(cancellationToken);
        }

        var left = _server.Options.StartWait - _clock.GetElapsedTime(Volatile.Read(ref _downSince));
        if (left <= TimeSpan.Zero)
        {
            return null;
        }

        try
        {
            return await Volatile.Read(ref _up).Task.WaitAsync(left, _clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task KeepConnectedAsync(CancellationToken stopping)
    {
        var backoff = new Backoff(FirstPause, LongestPause);
        while (!stopping.IsCancellationRequested)
        {
            var began = _clock.GetTimestamp();
            var problem = await ConnectAndServeAsync(stopping);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            IsFailing = true;
            if (_clock.GetElapsedTime(began) > LongestPause)
            {
                backoff.Reset();
            }

            var pause = backoff.Next();
            NotAvailable(_server.Name, problem, pause);
            await Task.Delay(pause, _clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _metrics.Restarted(_server.Name);
        }
    }

    /// <returns>Why the server is not there (any more).</returns>
    private async Task<string> ConnectAndServeAsync(CancellationToken stopping)
    {
        var errors = new StandardErrorLines(line => StandardError(_server.Name, ServerText.Clean(line, _server.Mask, StandardErrorLines.MaxLength)), _clock);
        var transport = new ServerTransport(_server, _userHeaders, errors, _clock);
        McpClient? client = null;
        string problem;
        try
        {
            McpConnection connection;
            using (var time = new CancellationTokenSource(_server.Options.StartTimeout, _clock))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, stopping))
            {
                client = await McpClient.CreateAsync(transport, ClientOptions(), loggerFactory: null, either.Token);
                connection = await McpConnection.OpenAsync(client, _server, _list, _clock, either.Token);
                transport.SessionRefused = connection.Break;
            }

            problem = await ServeAsync(connection, stopping);
        }
        catch (Exception ex)
        {
            problem = ServerProblem.Of(ex, _server);
        }

        await EndAsync(client, transport);
        return Explain(problem, transport.Process?.ExitCode, errors.Last);
    }

    private async Task<string> ServeAsync(McpConnection connection, CancellationToken stopping)
    {
        IsFailing = false;
        Available(_server.Name, connection.Tools.Count);
        _metrics.Connected(_server.Name, 1);
        Volatile.Write(ref _connection, connection);
        Volatile.Read(ref _up).SetResult(connection);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var watch = _server.IsAddress ? connection.WatchAsync(over.Token) : Task.CompletedTask;
        try
        {
            return await connection.EndedAsync(stopping);
        }
        finally
        {
            Volatile.Write(ref _known, connection.Tools);
            Volatile.Write(ref _downSince, _clock.GetTimestamp());
            Volatile.Write(ref _up, NotThere());
            Volatile.Write(ref _connection, null);
            connection.Leave();
            _metrics.Connected(_server.Name, -1);
            await over.CancelAsync();
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private McpClientOptions ClientOptions() => new()
    {
        ClientInfo = new Implementation { Name = "ChatBackend", Version = typeof(McpSession).Assembly.GetName().Version?.ToString(3) ?? "0" },
        InitializationTimeout = _server.Options.StartTimeout,
        TimeProvider = _clock,
    };

    private async Task EndAsync(McpClient? client, ServerTransport transport)
    {
        try
        {
            // A program first: what waits for its answers goes on then. An address is told that the session is over.
            if (transport.Process is null && client is not null)
            {
                await client.DisposeAsync().AsTask().WaitAsync(TimeToEnd, _clock);
            }

            await transport.DisposeAsync().AsTask().WaitAsync(TimeToEnd, _clock);
            if (client is not null)
            {
                await client.DisposeAsync().AsTask().WaitAsync(TimeToEnd, _clock);
            }
        }
        catch (Exception ex)
        {
            NotEnded(_server.Name, ServerProblem.Of(ex, _server));
        }
    }

    private string Explain(string problem, int? exitCode, string? lastError)
    {
        var code = exitCode is { } known ? $" Its exit code is {known}." : "";
        var said = lastError is { } line ? $" It wrote last: {ServerText.Clean(line, _server.Mask, 200)}" : "";
        return problem + code + said;
    }

    private static TaskCompletionSource<McpConnection> NotThere() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Information, "MCP server {Server} is available with {Tools} tools")]
    private partial void Available(string server, int tools);

    [LoggerMessage(LogLevel.Warning, "MCP server {Server} is not available: {Problem} Agents go on without its tools; the next attempt is in {Pause}")]
    private partial void NotAvailable(string server, string problem, TimeSpan pause);

    [LoggerMessage(LogLevel.Warning, "MCP server {Server} did not end cleanly: {Problem}")]
    private partial void NotEnded(string server, string problem);

    [LoggerMessage(LogLevel.Debug, "MCP server {Server} wrote: {Line}")]
    private partial void StandardError(string server, string line);
}
