namespace ChatBackend.Mcp;

/// <summary>Section <c>Mcp</c>: servers of the Model Context Protocol, and which agent has which of their tools.</summary>
public sealed class McpOptions
{
    internal const string Section = "Mcp";

    /// <summary>What stands for all tools of a server.</summary>
    public const string AllTools = "*";

    /// <summary>The servers, by the names that settings, logs and metrics call them.</summary>
    public IDictionary<string, McpServerOptions> Servers { get; } = new Dictionary<string, McpServerOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The tools that an agent has, by agent and server; <c>*</c> stands for all of a server. An agent without an entry has none.</summary>
    public IDictionary<string, IDictionary<string, IList<string>>> Agents { get; } = new Dictionary<string, IDictionary<string, IList<string>>>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gives an agent tools of a server.</summary>
    /// <param name="agent">The agent's name.</param>
    /// <param name="server">The server's name.</param>
    /// <param name="tools">Their names, as the server has them; none for all.</param>
    public McpOptions Allow(string agent, string server, params IEnumerable<string> tools)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(server);
        if (!Agents.TryGetValue(agent, out var servers))
        {
            Agents[agent] = servers = new Dictionary<string, IList<string>>(StringComparer.OrdinalIgnoreCase);
        }

        servers[server] = [.. tools.DefaultIfEmpty(AllTools)];
        return this;
    }
}
