using System.Globalization;

namespace ChatBackend.Mutation;

/// <summary>A sample of each area's mutants, from the choice to the score.</summary>
internal sealed class Campaign(IReadOnlyList<Area> areas, int seed, int count, Equivalents equivalent, Results results)
{
    private const double Bar = 0.85;

    private readonly Dictionary<Mutant, int> _numbers = [];
    private List<Mutant> _all = [];

    /// <summary>The first of each area in the seed's order that compile and are not known to be equivalent.</summary>
    public void Choose(MutatedCopy copy)
    {
        if (_all.Count == 0)
        {
            _all = [.. areas.SelectMany(copy.Find)];
        }

        _numbers.Clear();
        foreach (var mutant in areas.SelectMany(SampleOf))
        {
            _numbers[mutant] = _numbers.Count + 1;
        }
    }

    public void Build(MutatedCopy copy)
    {
        while (copy.Build(_numbers) is { Count: > 0 } refused)
        {
            Console.WriteLine($"{refused.Count} mutants do not compile; others take their places.");
            foreach (var mutant in refused)
            {
                results.Add(mutant, Results.Refused);
            }

            Choose(copy);
        }
    }

    public async Task RunAsync(TestRuns runs, int atOnce)
    {
        foreach (var area in areas)
        {
            var left = SampleOf(area).Where(mutant => results.Of(mutant) is null).ToList();
            if (left.Count == 0)
            {
                continue;
            }

            var tests = await runs.BaselineAsync(area);
            await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (mutant, _) =>
            {
                var verdict = await runs.TryAsync(mutant, _numbers[mutant], tests);
                var result = verdict.By ?? (verdict.IsReached ? Results.Survived : Results.Unreached);
                results.Add(mutant, result);
                Console.WriteLine($"{mutant.Key} (line {mutant.Line}): {result}");
            });
        }
    }

    public void List()
    {
        foreach (var area in areas)
        {
            Console.WriteLine($"{area.Name}: {_all.Count(mutant => mutant.Area == area)} mutants; chosen:");
            foreach (var mutant in SampleOf(area))
            {
                Console.WriteLine($"  {mutant.Key} (line {mutant.Line}): {results.Of(mutant) ?? "not run"}");
            }
        }
    }

    /// <returns>0 when every area reaches the bar.</returns>
    public int Report()
    {
        var isBelow = false;
        Console.WriteLine($"\nSurvivors (seed {seed}):");
        foreach (var mutant in areas.SelectMany(SampleOf).Where(IsSurvivor))
        {
            Console.WriteLine($"  {mutant.Key} (line {mutant.Line}): {results.Of(mutant)}");
        }

        foreach (var stale in equivalent.Stale(_all, areas))
        {
            Console.WriteLine($"  listed as equivalent, but there is no such mutant any more: {stale}");
        }

        Console.WriteLine("\n| folder | mutants | in the sample | noticed | survived | score |\n|---|---|---|---|---|---|");
        foreach (var area in areas)
        {
            var sample = SampleOf(area);
            var survived = sample.Count(IsSurvivor);
            var score = (sample.Count - survived) / (double)Math.Max(1, sample.Count);
            isBelow |= score < Bar;
            var total = _all.Count(mutant => mutant.Area == area);
            Console.WriteLine($"| {area.Name} | {total} | {sample.Count} | {sample.Count - survived} | {survived} | {score.ToString("P0", CultureInfo.InvariantCulture)} |");
        }

        return isBelow ? 1 : 0;
    }

    private bool IsSurvivor(Mutant mutant) => results.Of(mutant)?.StartsWith(Results.Survived, StringComparison.Ordinal) != false;

    private List<Mutant> SampleOf(Area area) => [.. _all
        .Where(mutant => mutant.Area == area && results.Of(mutant) != Results.Refused && !equivalent.Holds(mutant))
        .OrderBy(mutant => mutant.Rank(seed))
        .Take(count)];
}
