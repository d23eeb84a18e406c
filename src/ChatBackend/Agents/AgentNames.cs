using System.Text.RegularExpressions;

namespace ChatBackend.Agents;

/// <summary>What agents and tools may be called.</summary>
internal static partial class AgentNames
{
    public const string Allowed = "[A-Za-z0-9._-]{1,64}";

    public static bool IsOne(string name) => Pattern().IsMatch(name);

    /// <exception cref="ArgumentException">The name has other characters, none, or too many.</exception>
    public static string Check(string name) => IsOne(name)
        ? name
        : throw new ArgumentException($"\"{name}\" is not a name for an agent or a tool: it has 1 to 64 of the characters A-Z a-z 0-9 . _ -", nameof(name));

    [GeneratedRegex($"^{Allowed}$")]
    private static partial Regex Pattern();
}
