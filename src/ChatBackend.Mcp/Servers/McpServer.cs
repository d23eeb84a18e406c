using System.Collections.Concurrent;
using ChatBackend.Agents;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Mcp.Servers;

/// <summary>A configured server, with its sessions: one for all, or one for each set of headers where users have headers of their own.</summary>
internal sealed class McpServer(ServerSettings settings, McpMetrics metrics, TimeProvider clock, ILogger<McpSession> logger) : IAsyncDisposable
{
    public const int MaxSessions = 200;

    /// <summary>A session of a user that is not used for so long is ended.</summary>
    public static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(10);

    private const string UserId = "user_id";

    private static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    private readonly Dictionary<string, McpSession> _sessions = [];
    private readonly ConcurrentDictionary<Task, bool> _ending = new();
    private readonly Lock _lock = new();
    private bool _isOver;

    public ServerSettings Settings => settings;

    /// <summary>Whether a session cannot be had now.</summary>
    public bool IsFailing
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Values.Any(session => session.IsFailing);
            }
        }
    }

    /// <summary>Starts the session of all users in the background; those of single users start with their runs.</summary>
    public void Start()
    {
        if (!settings.IsPerUser)
        {
            SessionOf(NoHeaders);
        }
    }

    /// <returns>The headers that are this run's alone; null when it has no tools of this server.</returns>
    public async ValueTask<IReadOnlyDictionary<string, string>?> HeadersForAsync(ChatRunContext run)
    {
        if (!settings.IsPerUser)
        {
            return NoHeaders;
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (header, claim) in settings.Options.UserHeaders)
        {
            if ((claim == UserId ? run.UserId.Value : run.User.FindFirst(claim)?.Value) is { } value)
            {
                headers[header] = value;
                settings.Mask.AddIfNamedSecret(claim, value);
            }
        }

        if (settings.Options.HeadersFor is { } make)
        {
            if (await make(run) is not { } made)
            {
                return null;
            }

            foreach (var (header, value) in made)
            {
                headers[header] = value;
                settings.Mask.AddPassing(value);
            }
        }

        return headers.Values.Any(value => value.Any(char.IsControl))
            ? throw new InvalidOperationException($"A header for the MCP server {settings.Name} has characters that no header may have.")
            : headers;
    }

    /// <returns>Null when there are too many sessions, each of them in use.</returns>
    public McpSession? SessionOf(IReadOnlyDictionary<string, string> headers)
    {
        var key = string.Join('\n', headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase).Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}"));
        lock (_lock)
        {
            if (_isOver)
            {
                return null;
            }

            if (_sessions.TryGetValue(key, out var session))
            {
                return session;
            }

            EndIdle();
            if (_sessions.Count >= MaxSessions)
            {
                return null;
            }

            return _sessions[key] = new McpSession(settings, headers, metrics, clock, logger);
        }
    }

    /// <summary>Ends sessions of users that are not used any more.</summary>
    public void EndIdle()
    {
        lock (_lock)
        {
            foreach (var (key, session) in settings.IsPerUser ? _sessions.Where(session => session.Value.Idle > MaxIdle).ToList() : [])
            {
                _sessions.Remove(key);
                var ending = session.DisposeAsync().AsTask();
                _ending[ending] = true;
                ending.ContinueWith(over => _ending.TryRemove(over, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<McpSession> sessions;
        lock (_lock)
        {
            _isOver = true;
            sessions = [.. _sessions.Values];
            _sessions.Clear();
        }

        await Task.WhenAll(sessions.Select(session => session.DisposeAsync().AsTask()).Concat(_ending.Keys)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
