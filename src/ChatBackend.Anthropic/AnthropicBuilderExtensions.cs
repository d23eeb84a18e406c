using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Anthropic;

/// <summary>Adds Claude models to a chat backend.</summary>
public static class AnthropicBuilderExtensions
{
    /// <summary>
    /// Adds the provider <c>anthropic</c>, which agents of configuration name in <c>Agents:List:n:Provider</c>, and those of code in <c>UseEndpoint</c>. Their <c>Endpoint</c> is
    /// <c>https://api.anthropic.com</c> or one that speaks the same API.
    /// </summary>
    public static IChatBackendBuilder AddAnthropic(this IChatBackendBuilder builder) => builder.AddModelProvider(
        "anthropic", (services, agent, key) => AnthropicModel.Connect(agent, key, services.GetRequiredService<TimeProvider>()));
}
