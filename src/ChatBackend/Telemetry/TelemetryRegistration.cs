using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Telemetry;

internal static class TelemetryRegistration
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<ChatMetrics>();
        services.AddSingleton<Refusals>();
        return services;
    }
}
