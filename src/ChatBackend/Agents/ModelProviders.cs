using ChatBackend.Agents.Completions;
using ChatBackend.Agents.Endpoints;
using ChatBackend.Agents.Responses;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents;

/// <summary>An API by which models are asked.</summary>
/// <param name="Connect">Makes the model from its settings and its key; null where there is none.</param>
internal sealed record ModelProvider(string Name, Func<IServiceProvider, ModelEndpointOptions, string?, IChatClient> Connect);

/// <summary>The APIs that <c>Agents:List:n:Provider</c> can name.</summary>
internal sealed class ModelProviders(IEnumerable<ModelProvider> added)
{
    public const string OpenAI = "openai";
    public const string AzureOpenAI = "azure-openai";
    public const string Responses = "openai-responses";

    private readonly IReadOnlyList<ModelProvider> _all =
    [
        new(OpenAI, (services, options, key) => CompletionsClient.Connect(options, key, services.GetRequiredService<TimeProvider>())),
        new(AzureOpenAI, (services, options, key) => CompletionsClient.Connect(options, key, services.GetRequiredService<TimeProvider>())),
        new(Responses, (services, options, key) => ResponsesClient.Connect(options, key, services.GetRequiredService<TimeProvider>())),
        .. added.Select(Guarded),
    ];

    public IEnumerable<string> Names => _all.Select(provider => provider.Name);

    /// <returns>Null when there is none of that name.</returns>
    public ModelProvider? Find(string name) => _all.LastOrDefault(provider => provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public IChatClient Connect(ModelEndpointOptions endpoint, IConfiguration configuration, IServiceProvider services) =>
        Connect(endpoint, endpoint.KeyFrom is { Length: > 0 } variable ? AgentKeys.Find(configuration, variable) : null, services);

    /// <exception cref="InvalidOperationException">The provider does not exist, or cannot do what the settings say.</exception>
    public IChatClient Connect(ModelEndpointOptions endpoint, string? key, IServiceProvider services)
    {
        var provider = Find(endpoint.Provider) ?? throw new InvalidOperationException(
            $"The agent {endpoint.Name} has the provider {endpoint.Provider}, which does not exist. There are {string.Join(", ", Names)}.");
        return provider.Connect(services, endpoint.WithHeaders(services.GetRequiredService<IConfiguration>()), key);
    }

    /// <summary>With the retries, the time limit and the redaction of all endpoints.</summary>
    internal static IChatClient Guard(IChatClient model, ModelEndpointOptions options, string? key, TimeProvider clock) =>
        new EndpointModel(model, ModelEndpoint.Of(options, key, [new Uri(options.Endpoint)]), clock);

    private static ModelProvider Guarded(ModelProvider added) => added with
    {
        Connect = (services, options, key) => Guard(added.Connect(services, options, key), options, key, services.GetRequiredService<TimeProvider>()),
    };
}
