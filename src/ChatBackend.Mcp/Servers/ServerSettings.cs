using ModelContextProtocol.Client;

namespace ChatBackend.Mcp.Servers;

/// <summary>A server as it is configured, with its secrets found.</summary>
internal sealed class ServerSettings
{
    public ServerSettings(string name, McpServerOptions options, HostSecrets secrets)
    {
        (Name, Options) = (name, options);
        var environment = StdioClientTransportOptions.GetDefaultEnvironmentVariables().Where(variable => variable.Value is not null).ToDictionary(variable => variable.Key, variable => variable.Value!);
        foreach (var (variable, value) in options.Environment)
        {
            environment[variable] = value;
            Mask.AddIfNamedSecret(variable, value);
        }

        foreach (var (variable, secret) in options.EnvironmentFrom)
        {
            Mask.Add(environment[variable] = Secret(secrets, secret));
        }

        var headers = new Dictionary<string, string>(options.Headers, StringComparer.OrdinalIgnoreCase);
        foreach (var (header, secret) in options.HeadersFrom)
        {
            headers[header] = Secret(secrets, secret);
        }

        foreach (var value in headers.Values)
        {
            Mask.Add(value);
        }

        ClientSecret = options.OAuth?.ClientSecretFrom is { } clientSecret ? Secret(secrets, clientSecret) : null;
        Mask.Add(ClientSecret);
        (Environment, Headers, Tokens) = (environment, headers, new WatchedTokens(options.OAuth?.TokenCache, Mask));
    }

    public string Name { get; }

    public McpServerOptions Options { get; }

    /// <summary>All that the program gets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Those that are the same for all users.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    public string? ClientSecret { get; }

    public WatchedTokens Tokens { get; }

    public SecretMask Mask { get; } = new();

    /// <summary>It is an address, and not a program.</summary>
    public bool IsAddress => Options.Url is { Length: > 0 };

    /// <summary>Each user, or each set of headers, has a session of its own.</summary>
    public bool IsPerUser => Options.UserHeaders.Count > 0 || Options.HeadersFor is not null;

    private static string Secret(HostSecrets secrets, string name) =>
        secrets.Find(name) ?? throw new InvalidOperationException($"{name} is set neither in the configuration nor in the environment.");
}
