using ModelContextProtocol.Authentication;

namespace ChatBackend.Mcp;

/// <summary>How this application signs in at an MCP server by OAuth. All users share what it is allowed; where each has tokens of their own, use <see cref="McpServerOptions.HeadersFor"/>.</summary>
public sealed class McpOAuthOptions
{
    /// <summary>The client's id at the authorization server; null to register there.</summary>
    public string? ClientId { get; set; }

    /// <summary>The name of the configuration key or environment variable that holds the client's secret.</summary>
    public string? ClientSecretFrom { get; set; }

    /// <summary>Where the authorization server sends the browser back to.</summary>
    public Uri RedirectUri { get; set; } = new("http://localhost/callback");

    /// <summary>What is asked for where the server does not say it.</summary>
    public IList<string> Scopes { get; set; } = [];

    /// <summary>Has a person sign in, and returns what came back to <see cref="RedirectUri"/>. Without it the tokens have to be in <see cref="TokenCache"/>. Code only.</summary>
    public Func<AuthorizationCallbackContext, CancellationToken, Task<AuthorizationResult?>>? Authorize { get; set; }

    /// <summary>Keeps the tokens beyond this process; null for its memory. Code only.</summary>
    public ITokenCache? TokenCache { get; set; }
}
