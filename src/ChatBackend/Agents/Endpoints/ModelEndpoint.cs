using System.Text.Json;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Where a model answers, and how it is asked.</summary>
internal sealed record ModelEndpoint
{
    public required ModelEndpointOptions Settings { get; init; }

    /// <summary>The addresses that are tried, the next one when there is nothing at one.</summary>
    public required IReadOnlyList<Uri> Addresses { get; init; }

    /// <summary>With the one that holds the key. None of them goes to another host.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>Key and values of headers, in all their forms: in nothing that is logged, shown or stored.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }

    /// <summary>Members of each body beside the usual ones, or in their place.</summary>
    public required IReadOnlyDictionary<string, JsonElement> ExtraBody { get; init; }

    /// <param name="key">Null to send none.</param>
    /// <param name="keyHeader">The provider's own, where the settings name none; null for <c>Authorization: Bearer</c>.</param>
    public static ModelEndpoint Of(ModelEndpointOptions settings, string? key, IReadOnlyList<Uri> addresses, string? keyHeader = null)
    {
        KeyValuePair<string, string>[] authorization = (key, settings.ApiKeyHeader ?? keyHeader) switch
        {
            (null, _) => [],
            (_, null) => [new("Authorization", $"Bearer {key}")],
            (_, { } header) => [new(header, key)],
        };
        return new ModelEndpoint
        {
            Settings = settings,
            Addresses = addresses,
            Headers = [.. authorization, .. settings.Headers],
            Secrets = SecretForms.Of(new[] { key }.OfType<string>().Concat(settings.Headers.Values)),
            ExtraBody = settings.ExtraBody is { Length: > 0 } extra ? JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(extra)! : [],
        };
    }

    /// <summary>Whether a member of the usual ones is to stand in a body.</summary>
    public bool Sends(string member) => !Settings.Omit.Contains(member) && !ExtraBody.ContainsKey(member);

    /// <summary>What is secret is for the host that it was given for, and does not leave TLS.</summary>
    public bool Trusts(Uri address) => address.Host == Addresses[0].Host && (address.Scheme == Addresses[0].Scheme || address.Scheme == Uri.UriSchemeHttps);
}
