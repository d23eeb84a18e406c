using ChatBackend.Agents.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

internal static class AgentsRegistration
{
    /// <summary>Registers the <see cref="AgentCatalog"/>; what its configuration lacks is told at the start.</summary>
    internal static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddSection(options => options.Agents);
        services.AddSingleton<IValidateOptions<AgentsOptions>, AgentsOptionsFields>();
        services.AddSingleton<IValidateOptions<AgentsOptions>, AgentsOptionsValidator>();
        services.AddSingleton<ModelProviders>();
        services.AddSingleton<ToolCatalog>();
        services.AddSingleton<ToolApproval>();
        services.AddSingleton<AgentCatalog>();
        return services;
    }
}
