using ChatBackend.Agents.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

internal static class AgentsRegistration
{
    /// <summary>Registers the <see cref="AgentCatalog"/>; what its configuration lacks is told at the start.</summary>
    internal static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AgentsOptions>().Bind(configuration.GetSection(AgentsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AgentsOptions>, AgentsOptionsFields>();
        services.AddSingleton<IValidateOptions<AgentsOptions>>(new AgentsOptionsValidator(configuration));
        services.AddSingleton(Places.OfThisMachine());
        services.AddSingleton<BuiltInTools>();
        services.AddSingleton(new ToolApproval(configuration));
        services.AddSingleton(provider => new AgentCatalog(
            provider.GetRequiredService<IOptions<AgentsOptions>>(), configuration,
            provider.GetRequiredService<BuiltInTools>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
