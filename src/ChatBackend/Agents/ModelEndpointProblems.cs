using System.Text.Json;
using System.Text.RegularExpressions;
using ChatBackend.Agents.Endpoints;

namespace ChatBackend.Agents;

/// <summary>What attributes cannot say about the settings of one endpoint. No sentence holds a value that may be secret.</summary>
internal static partial class ModelEndpointProblems
{
    // Of HTTP itself, or written from other settings.
    private static readonly string[] NotHeaders = ["Content-Type", "Content-Length", "Transfer-Encoding", "Host", "Connection"];

    /// <returns>Each begins with the name of the setting.</returns>
    public static IEnumerable<string> Of(ModelEndpointOptions endpoint)
    {
        if (endpoint.Endpoint.Length > 0 && EndpointAddresses.Problem(endpoint.Endpoint) is { } problem)
        {
            yield return $"Endpoint of agent {endpoint.Name} {problem}";
        }

        if (endpoint is { MaxTokens: not null, MaxCompletionTokens: not null })
        {
            yield return $"MaxTokens and MaxCompletionTokens of agent {endpoint.Name} say the same thing: set the one that the endpoint knows.";
        }

        foreach (var name in endpoint.Headers.Keys.Concat(endpoint.HeadersFrom.Keys).Where(name => !HeaderName().IsMatch(name) || NotHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            yield return $"Headers of agent {endpoint.Name} cannot have {name}.";
        }

        foreach (var (name, _) in endpoint.Headers.Where(header => header.Value.AsSpan().ContainsAny('\r', '\n', '\0')))
        {
            yield return $"Headers:{name} of agent {endpoint.Name} has a line break in it.";
        }

        foreach (var name in endpoint.Headers.Keys.Intersect(endpoint.HeadersFrom.Keys, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"Headers and HeadersFrom of agent {endpoint.Name} both have {name}.";
        }

        if (endpoint.ExtraBody is { Length: > 0 } extra && !IsObject(extra))
        {
            yield return $"ExtraBody of agent {endpoint.Name} is not a JSON object.";
        }

        if (endpoint.ToolChoice is { } choice && choice is not ("auto" or "none" or "required") && !AgentNames.IsOne(choice))
        {
            yield return $"ToolChoice of agent {endpoint.Name} is auto, none, required or the name of a tool.";
        }

        if (endpoint.Provider.Equals(ModelProviders.Responses, StringComparison.OrdinalIgnoreCase) && (endpoint.Stop.Count > 0 || endpoint.Seed is not null))
        {
            yield return $"{(endpoint.Stop.Count > 0 ? nameof(endpoint.Stop) : nameof(endpoint.Seed))} of agent {endpoint.Name} is nothing that the API of {endpoint.Provider} knows.";
        }

        if (endpoint.Stop.Any(string.IsNullOrEmpty))
        {
            yield return $"Stop of agent {endpoint.Name} has a text that is empty.";
        }
    }

    private static bool IsObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex($"^{ModelEndpointOptions.HeaderName}$")]
    private static partial Regex HeaderName();
}
