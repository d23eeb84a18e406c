using OpenTelemetry.Metrics;

namespace ChatBackend.Server;

/// <summary>The numbers of the server, for Prometheus, under <c>/metrics</c>.</summary>
internal static class Metrics
{
    public static void AddMetrics(this WebApplicationBuilder builder) =>
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("ChatBackend", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter(prometheus =>
            {
                // Series are named as documented and carry only the labels that say something here.
                prometheus.ScopeInfoEnabled = false;
                prometheus.TargetInfoEnabled = false;
                // A scrape is cheap, and one that shows the past makes leak tests and people wait.
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            }));
}
