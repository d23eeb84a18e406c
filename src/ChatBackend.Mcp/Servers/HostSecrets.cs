using Microsoft.Extensions.Configuration;

namespace ChatBackend.Mcp.Servers;

/// <summary>Secrets by their names: keys of the configuration, or environment variables of this process.</summary>
internal sealed class HostSecrets(IConfiguration configuration)
{
    /// <returns>Null when nothing of that name is set.</returns>
    public string? Find(string name)
    {
        var secret = configuration[name] is { Length: > 0 } configured ? configured : Environment.GetEnvironmentVariable(name);
        return string.IsNullOrWhiteSpace(secret) ? null : secret.Trim();
    }
}
