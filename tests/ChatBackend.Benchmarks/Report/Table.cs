namespace ChatBackend.Benchmarks.Report;

/// <summary>What a scenario measured: for each contestant and metric one value a round, rounds alternating between contestants.</summary>
/// <param name="about">What was done, for the reader.</param>
internal sealed class Table(string name, string about)
{
    private readonly List<string> _contestants = [];
    private readonly List<string> _metrics = [];
    private readonly Dictionary<(string Contestant, string Metric), List<double>> _values = [];

    public string Name => name;

    public string About => about;

    public IReadOnlyList<string> Contestants => _contestants;

    public IReadOnlyList<string> Metrics => _metrics;

    public void Add(string contestant, string metric, double value)
    {
        Note(_contestants, contestant);
        Note(_metrics, metric);
        if (!_values.TryGetValue((contestant, metric), out var values))
        {
            _values[(contestant, metric)] = values = [];
        }

        values.Add(value);
    }

    /// <summary>Round by round; empty when the contestant has no such metric.</summary>
    public IReadOnlyList<double> Values(string contestant, string metric) => _values.GetValueOrDefault((contestant, metric)) ?? [];

    /// <summary>Of each round one contestant's value over another's.</summary>
    public double[] Ratios(string metric, string contestant, string over) =>
        [.. Values(contestant, metric).Zip(Values(over, metric), (mine, theirs) => mine / theirs)];

    private static void Note(List<string> names, string name)
    {
        if (!names.Contains(name))
        {
            names.Add(name);
        }
    }
}

internal static class Statistics
{
    public static double Median(IReadOnlyList<double> values) => Percentile(values, 0.5);

    /// <param name="share">0 to 1; by nearest rank.</param>
    public static double Percentile(IReadOnlyList<double> values, double share)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }

        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
