namespace ChatBackend.Mutation;

/// <summary>The reviewed list of mutants that nobody could notice, each with the reason: key, tab, reason.</summary>
internal sealed class Equivalents(string file)
{
    private readonly Dictionary<string, string> _reasons = File.ReadAllLines(file)
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split('\t', 2))
        .ToDictionary(row => row[0], row => row[1]);

    public bool Holds(Mutant mutant) => _reasons.ContainsKey(mutant.Key);

    /// <summary>Entries whose code has changed: to be looked at again.</summary>
    public IEnumerable<string> Stale(IEnumerable<Mutant> all, IReadOnlyList<Area> areas)
    {
        var keys = all.Select(mutant => mutant.Key).ToHashSet();
        return _reasons.Keys.Where(key => areas.Any(area => key.StartsWith(area.Sources, StringComparison.Ordinal)) && !keys.Contains(key));
    }
}
