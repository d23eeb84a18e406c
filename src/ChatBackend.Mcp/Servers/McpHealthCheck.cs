using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatBackend.Mcp.Servers;

/// <summary>A line for each server that is not available. It degrades what the application can do, and never keeps it from being ready.</summary>
internal sealed class McpHealthCheck(McpServers servers) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var failing = servers.Used.Where(server => server.IsFailing).Select(server => $"MCP server {server.Settings.Name}: not available").Order(StringComparer.Ordinal).ToList();
        return Task.FromResult(failing.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join('\n', failing)));
    }
}
