using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace ChatBackend.Mcp.Tools;

/// <summary>
/// What models call the tools of servers: as the server does, where a model takes that name and no other tool has it; else with the server's name before it. The same tools
/// have the same names in every process.
/// </summary>
internal static partial class ToolNames
{
    private const int MaxLength = 64;
    private const int HashLength = 8;

    /// <param name="tools">All that there are or may be, also those of servers that are not there now.</param>
    /// <param name="taken">The names of other tools.</param>
    public static IReadOnlyDictionary<(string Server, string Tool), string> Of(IEnumerable<(string Server, string Tool)> tools, IReadOnlyCollection<string> taken)
    {
        var names = new Dictionary<(string, string), string>();
        var sorted = tools.Distinct().OrderBy(tool => tool.Server, StringComparer.Ordinal).ThenBy(tool => tool.Tool, StringComparer.Ordinal).ToList();
        var collide = sorted.GroupBy(tool => Legal(tool.Tool)).Where(same => same.Count() > 1).Select(same => same.Key).Concat(taken).ToHashSet(StringComparer.Ordinal);
        var used = taken.ToHashSet(StringComparer.Ordinal);
        foreach (var tool in sorted.Where(tool => !collide.Contains(Legal(tool.Tool))))
        {
            used.Add(names[tool] = Legal(tool.Tool));
        }

        foreach (var tool in sorted.Where(tool => collide.Contains(Legal(tool.Tool))))
        {
            var full = $"{tool.Server}_{tool.Tool}";
            var name = Legal(full);
            names[tool] = used.Add(name) ? name : Hashed(name, full);
            used.Add(names[tool]);
        }

        return names;
    }

    private static string Legal(string name)
    {
        var legal = Illegal().Replace(name, "_");
        if (legal.Length == 0 || !(char.IsAsciiLetter(legal[0]) || legal[0] == '_'))
        {
            legal = $"_{legal}"; // some models want a letter first
        }

        return legal.Length <= MaxLength ? legal : Hashed(legal, name);
    }

    private static string Hashed(string legal, string of)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(of)))[..HashLength];
        return $"{legal[..Math.Min(legal.Length, MaxLength - HashLength - 1)]}_{hash}";
    }

    [GeneratedRegex("[^A-Za-z0-9_-]")]
    private static partial Regex Illegal();
}
