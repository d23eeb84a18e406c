using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatBackend.Hosting;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: it takes new connections; 200 and <c>Degraded</c>, with what could not be
/// done, where something is broken that costs only itself.
/// </summary>
internal static class Health
{
    // Names and tag of our own: an application may have a check that is named readiness.
    public const string ReadyTag = "chat_ready";

    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<Readiness>();
        services.AddHealthChecks().AddCheck<ReadinessCheck>("chat_readiness", tags: [ReadyTag]).AddCheck<BrokenPartsCheck>("chat_broken_parts", tags: [ReadyTag]);
        return services;
    }

    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health");
        health.MapHealthChecks("/live", new HealthCheckOptions { Predicate = _ => false });
        health.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(ReadyTag), ResponseWriter = WriteAsync });
        return health;
    }

    /// <summary>The status, then a line for each part that is broken. Counts only, since it is read without signing in.</summary>
    private static Task WriteAsync(HttpContext http, HealthReport report)
    {
        http.Response.ContentType = "text/plain";
        var broken = report.Entries.Values.Where(entry => entry.Status == HealthStatus.Degraded).Select(entry => entry.Description);
        return http.Response.WriteAsync(string.Join('\n', [report.Status.ToString(), .. broken]));
    }

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }

    private sealed class BrokenPartsCheck(ChatMetrics metrics) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var broken = metrics.BackgroundItemsFailing.Select(service => $"background service {service.Service}: {service.Items} failing").ToList();
            if (metrics.ThreadsQuarantined is > 0 and var threads)
            {
                broken.Add($"threads that cannot be read: {threads}");
            }

            return Task.FromResult(broken.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join('\n', broken)));
        }
    }
}
