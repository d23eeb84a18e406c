using System.Text.RegularExpressions;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Understands what people give as the address of an API: its base with or without the version, the page of an operation, an Azure resource.</summary>
internal static partial class EndpointAddresses
{
    private static readonly string[] Operations =
        ["/chat/completions", "/completions", "/responses", "/messages", "/models", "/embeddings", "/api/chat", "/api/generate", "/api/tags"];

    /// <param name="operation">The path below the base, such as <c>/chat/completions</c>.</param>
    public static IReadOnlyList<Uri> Of(ModelEndpointOptions endpoint, string operation)
    {
        var given = new Uri(endpoint.Endpoint);
        var path = given.AbsolutePath.TrimEnd('/');
        var isWhole = path.EndsWith(operation, StringComparison.OrdinalIgnoreCase);
        var origin = Operations.FirstOrDefault(other => path.EndsWith(other, StringComparison.OrdinalIgnoreCase)) is { } named ? path[..^named.Length] : path;
        string[] bases = endpoint.Provider.Equals(ModelProviders.AzureOpenAI, StringComparison.OrdinalIgnoreCase) ? [Azure(origin, endpoint)]
            : isWhole ? [origin]
            : Version().IsMatch(origin) ? [origin, origin[..origin.LastIndexOf('/')]]
            : origin.EndsWith("/api", StringComparison.OrdinalIgnoreCase) ? [origin, $"{origin}/v1", $"{origin[..^4]}/v1"]
            : [origin, $"{origin}/v1"];
        var query = endpoint.ApiVersion is { } version && !given.Query.Contains("api-version=", StringComparison.OrdinalIgnoreCase)
            ? $"{(given.Query.Length > 0 ? $"{given.Query}&" : "?")}api-version={version}"
            : given.Query;
        return [.. bases.Select(at => new Uri($"{given.Scheme}://{given.Authority}{at}{operation}{query}"))];
    }

    /// <summary>Why something is no address of an API; null when it may be one. Without what may be secret in it.</summary>
    public static string? Problem(string endpoint)
    {
        if (Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
        {
            return uri.UserInfo.Length > 0 ? "has a user or password in it: name the variable that holds the key in KeyFrom, or a header in HeadersFrom" : null;
        }

        var shown = Redactor.WithoutKeys(Excerpt.Of(endpoint, 100));
        return Host().IsMatch(endpoint)
            ? $"is not an absolute http or https URL: {shown}. Is it http://{shown.TrimStart('/')}?"
            : $"is not an absolute http or https URL: {shown}. It is the base of the API, such as https://api.openai.com/v1";
    }

    // By deployment where the version is in the query, else by the API that has its version in the path.
    private static string Azure(string origin, ModelEndpointOptions endpoint)
    {
        if (origin.Contains("/openai/", StringComparison.OrdinalIgnoreCase) && (endpoint.ApiVersion is null || origin.Contains("/deployments/", StringComparison.OrdinalIgnoreCase)))
        {
            return origin;
        }

        var at = origin.IndexOf("/openai", StringComparison.OrdinalIgnoreCase);
        var resource = at >= 0 ? origin[..at] : origin;
        return endpoint.ApiVersion is null ? $"{resource}/openai/v1" : $"{resource}/openai/deployments/{Uri.EscapeDataString(endpoint.Model)}";
    }

    [GeneratedRegex(@"/v\d+$", RegexOptions.IgnoreCase)]
    private static partial Regex Version();

    [GeneratedRegex(@"^/{0,2}[\w.-]+(:\d+)?(/[\w./-]*)?$")]
    private static partial Regex Host();
}
