using ChatBackend.Agents;
using ChatBackend.Hosting;
using ChatBackend.Runs.History;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Runs;

internal static class RunsRegistration
{
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        services.AddSection(options => options.Runs).ValidateDataAnnotations();
        services.AddSingleton<ActiveRuns>();
        services.AddSingleton<ToolSources>();
        services.AddSingleton<ChatHistoryCache>();
        services.AddHostedService(provider => provider.GetRequiredService<ChatHistoryCache>());
        services.AddScoped<RunContext>();
        services.AddTransient(provider => provider.GetRequiredService<RunContext>().Current);
        services.AddScoped<ChatHistoryBuilder>();
        services.AddHealthChecks().AddCheck<ModelsCheck>("chat_models", tags: [Health.ReadyTag]);
        return services;
    }
}
