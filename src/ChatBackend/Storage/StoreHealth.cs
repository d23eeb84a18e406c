using ChatBackend.Storage.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatBackend.Storage;

/// <summary>The server takes connections while its store is away, and says so.</summary>
internal sealed class StoreHealth(SqliteEventLog log) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var away = log.Availability.Where(store => !store.IsAvailable).Select(store => store.Use).ToList();
        return Task.FromResult(away.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"event log cannot be used for: {string.Join(", ", away)}"));
    }
}
