using Microsoft.Extensions.Configuration;

namespace ChatBackend.Agents;

/// <summary>API keys. Configuration holds the name of a key's variable, never the key.</summary>
internal static class AgentKeys
{
    /// <returns>Null when nothing of that name is set.</returns>
    public static string? Find(IConfiguration configuration, string variable)
    {
        var key = configuration[variable] is { Length: > 0 } configured ? configured : Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrWhiteSpace(key) ? null : key.Trim();
    }
}
