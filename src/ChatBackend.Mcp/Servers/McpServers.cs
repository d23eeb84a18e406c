using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Mcp.Servers;

/// <summary>The configured servers, and which agent has what of them.</summary>
internal sealed class McpServers : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, McpServer> _servers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IReadOnlyList<AllowedTools>> _agents = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _clock;
    private ITimer? _sweep;

    public McpServers(IOptions<McpOptions> options, HostSecrets secrets, McpMetrics metrics, TimeProvider clock, ILogger<McpSession> logger)
    {
        _clock = clock;
        foreach (var (name, server) in options.Value.Servers)
        {
            _servers[name] = new McpServer(new ServerSettings(name, server, secrets), metrics, clock, logger);
        }

        foreach (var (agent, servers) in options.Value.Agents)
        {
            _agents[agent] = [.. servers.OrderBy(server => server.Key, StringComparer.Ordinal).Select(server => new AllowedTools(_servers[server.Key], [.. server.Value]))];
        }

        foreach (var server in Used)
        {
            metrics.Add(server.Settings.Name);
        }
    }

    /// <summary>Those that an agent has tools of. The others are never started.</summary>
    public IEnumerable<McpServer> Used => _agents.Values.SelectMany(allowed => allowed).Select(allowed => allowed.Server).Distinct();

    /// <summary>The names of the agents that have tools of servers.</summary>
    public IEnumerable<string> Agents => _agents.Keys;

    public IReadOnlyList<AllowedTools> AllowedFor(string agent) => _agents.GetValueOrDefault(agent, []);

    public void Start()
    {
        foreach (var server in Used)
        {
            server.Start();
        }

        if (Used.Any(server => server.Settings.IsPerUser))
        {
            _sweep = _clock.CreateTimer(_ => EndIdle(), null, SweepInterval, SweepInterval);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_sweep is not null)
        {
            await _sweep.DisposeAsync();
        }

        await Task.WhenAll(_servers.Values.Select(server => server.DisposeAsync().AsTask()));
    }

    private void EndIdle()
    {
        foreach (var server in Used)
        {
            server.EndIdle();
        }
    }
}

/// <summary>What an agent has of a server.</summary>
internal sealed record AllowedTools(McpServer Server, IReadOnlyList<string> Tools)
{
    public bool IsAll => Tools.Contains(McpOptions.AllTools);

    public bool Has(string tool) => IsAll || Tools.Contains(tool);
}
