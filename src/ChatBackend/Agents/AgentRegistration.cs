using ChatBackend.Agents.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

internal static class AgentRegistration
{
    /// <summary>Registers the <see cref="AgentCatalog"/>; what its configuration lacks is told at the start.</summary>
    internal static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AgentOptions>().Bind(configuration.GetSection(AgentOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AgentOptions>, AgentOptionsFields>();
        services.AddSingleton<IValidateOptions<AgentOptions>>(new AgentOptionsCheck(configuration));
        services.AddSingleton(Places.OfThisMachine());
        services.AddSingleton<BuiltInTools>();
        services.AddSingleton(provider => new AgentCatalog(
            provider.GetRequiredService<IOptions<AgentOptions>>(), configuration,
            provider.GetRequiredService<BuiltInTools>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
