using System.Collections.Concurrent;
using ChatBackend.Agents;
using ChatBackend.Mcp.Servers;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Mcp.Tools;

/// <summary>Gives each run the tools that its agent has of the servers that are there when it starts. Of the others the model and the log hear that they are not there.</summary>
internal sealed partial class McpToolSource(McpServers servers, McpMetrics metrics, TimeProvider clock, ILogger<McpToolSource> logger) : ChatToolSource
{
    private readonly ConcurrentDictionary<(string Agent, string Server, string Tool), bool> _missed = new();

    public override ValueTask AddToolsAsync(ChatRunTools tools)
    {
        var allowed = servers.AllowedFor(tools.Run.Agent);
        return allowed.Count == 0 ? ValueTask.CompletedTask : AddAsync(tools, allowed);
    }

    public override void CheckAgents(IReadOnlyList<string> agents)
    {
        if (servers.Agents.FirstOrDefault(name => !agents.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new InvalidOperationException($"{McpOptions.Section}:Agents names the agent {unknown}, which does not exist. There are {string.Join(", ", agents)}.");
        }
    }

    private async ValueTask AddAsync(ChatRunTools tools, IReadOnlyList<AllowedTools> allowed)
    {
        var offers = (await Task.WhenAll(allowed.Select(server => OfferAsync(server, tools.Run)))).OfType<Offer>().ToList();
        var names = ToolNames.Of(offers.SelectMany(Names), tools.Names);
        foreach (var offer in offers.Where(offer => offer.IsThere))
        {
            var server = offer.Allowed.Server;
            foreach (var tool in offer.Tools.Where(tool => offer.Allowed.Has(tool.Name)))
            {
                tools.Add(
                    new McpFunction(names[(server.Settings.Name, tool.Name)], tool, server, offer.Headers, metrics, clock),
                    options => Configure(options, tool, server.Settings.Options));
            }

            foreach (var missing in offer.Allowed.Tools.Where(name => name != McpOptions.AllTools && !offer.Tools.Any(tool => tool.Name == name)))
            {
                if (_missed.TryAdd((tools.Run.Agent, server.Settings.Name, missing), true))
                {
                    NoSuchTool(tools.Run.Agent, missing, server.Settings.Name);
                }
            }
        }

        var gone = offers.Where(offer => !offer.IsThere).Select(offer => offer.Allowed.Server.Settings.Name).ToList();
        if (gone.Count > 0)
        {
            var list = string.Join(", ", gone);
            GoesOnWithout(tools.Run.Agent, list);
            tools.AddContext($"The tools of these servers cannot be used in this answer, since they are not available: {list}. If they are needed, say so.");
        }
    }

    /// <summary>What the operator says of the tool, then the server's word that it is read-only where it is trusted; without either, a person is asked.</summary>
    private static void Configure(ChatToolOptions options, ServerTool tool, McpServerOptions server)
    {
        var own = server.Tools.TryGetValue(tool.Name, out var found) ? found : null;
        var isReadOnly = tool.IsReadOnly && server.TrustReadOnlyHint;
        options.Approval = own?.Approval switch
        {
            { } approval when approval.Equals("never", StringComparison.OrdinalIgnoreCase) => ChatToolApproval.Never,
            { } => ChatToolApproval.Always,
            null => isReadOnly ? ChatToolApproval.Never : ChatToolApproval.Always,
        };
        options.Timeout = own?.Timeout ?? server.Timeout;
        options.RunsInParallel = isReadOnly;
    }

    /// <returns>Null when the run's user has no tools of the server.</returns>
    private async Task<Offer?> OfferAsync(AllowedTools allowed, ChatRunContext run)
    {
        IReadOnlyDictionary<string, string>? headers;
        try
        {
            headers = await allowed.Server.HeadersForAsync(run);
        }
        catch (Exception ex) when (!run.CancellationToken.IsCancellationRequested)
        {
            NoHeaders(ex, allowed.Server.Settings.Name);
            return new Offer(allowed, new Dictionary<string, string>(), [], IsThere: false);
        }

        if (headers is null)
        {
            return null;
        }

        var session = allowed.Server.SessionOf(headers);
        return session is not null && await session.ConnectionAsync(run.CancellationToken) is { } connection
            ? new Offer(allowed, headers, await connection.CurrentToolsAsync(run.CancellationToken), IsThere: true)
            : new Offer(allowed, headers, session?.KnownTools ?? [], IsThere: false);
    }

    // Those that are not there count as well, so that no other tool changes its name when they come and go.
    private static IEnumerable<(string Server, string Tool)> Names(Offer offer) =>
        offer.Tools.Select(tool => tool.Name).Where(offer.Allowed.Has)
            .Concat(offer.Allowed.Tools.Where(name => name != McpOptions.AllTools))
            .Select(name => (offer.Allowed.Server.Settings.Name, name));

    [LoggerMessage(LogLevel.Warning, "The agent {Agent} goes on without the tools of MCP servers that are not available: {Servers}")]
    private partial void GoesOnWithout(string agent, string servers);

    [LoggerMessage(LogLevel.Warning, "The agent {Agent} may use the tool {Tool}, which MCP server {Server} does not have")]
    private partial void NoSuchTool(string agent, string tool, string server);

    [LoggerMessage(LogLevel.Error, "The headers of a run for MCP server {Server} could not be made")]
    private partial void NoHeaders(Exception ex, string server);

    private sealed record Offer(AllowedTools Allowed, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<ServerTool> Tools, bool IsThere);
}
