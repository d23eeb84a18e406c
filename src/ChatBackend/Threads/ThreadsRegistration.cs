using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Maintenance;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Threads;

internal static class ThreadsRegistration
{
    public static IServiceCollection AddThreads(this IServiceCollection services)
    {
        services.AddSection(options => options.Threads).ValidateDataAnnotations();
        services.AddSingleton<ThreadGrains>();
        services.AddSingleton<LocalNode>();
        services.AddSingleton<Quarantine>();
        services.AddSingleton<OpenWorkRecovery>();
        services.AddHostedService(provider => provider.GetRequiredService<OpenWorkRecovery>());
        services.AddSingleton<Erasure>();
        services.AddHostedService(provider => provider.GetRequiredService<Erasure>());
        services.AddSingleton<Retention>();
        services.AddHostedService(provider => provider.GetRequiredService<Retention>());
        return services;
    }
}
