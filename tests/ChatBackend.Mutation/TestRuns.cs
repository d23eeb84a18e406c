using System.Diagnostics;

namespace ChatBackend.Mutation;

/// <param name="Reaches">The mutants whose code it runs through.</param>
internal sealed record Test(string Name, TimeSpan Duration, IReadOnlySet<int> Reaches);

/// <summary>What became of a mutant.</summary>
/// <param name="By">The test that noticed it, or what else ended the run; null when nothing did.</param>
internal sealed record Verdict(string? By, bool IsReached);

/// <summary>Runs tests in processes of their own, one mutant each: what a mutant leaves behind in memory dies with it.</summary>
internal sealed class TestRuns(string program, string scratch)
{
    /// <summary>So many of the shortest tests that reach a mutant run first; most mutants are noticed by one of them.</summary>
    private static readonly TimeSpan FirstRound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const int Slowness = 8;

    /// <summary>Runs the tests of an area without a mutant, to know what each of them reaches. One that fails then notices nothing, and is left out.</summary>
    public async Task<IReadOnlyList<Test>> BaselineAsync(Area area)
    {
        var file = Path.Combine(scratch, $"{area.Name}.reached");
        File.Delete(file);
        var (_, output) = await RunAsync(
            [.. area.Tests.SelectMany(name => new[] { "-namespace", name, "-namespace", $"{name}.*" })], TimeSpan.FromMinutes(20), ("CHATBACKEND_MUTANTS_REACHED", file));
        var failed = FailedIn(output).ToHashSet();
        foreach (var name in failed)
        {
            Console.WriteLine($"Left out, as it fails without a mutant: {name}");
        }

        var rows = File.ReadAllLines(file).Select(line => line.Split('\t'))
            .Select(row => (Type: row[0], Method: row[1], Milliseconds: long.Parse(row[2], null), Numbers: NumbersOf(row[3]))).ToList();
        var between = rows.Where(row => row.Method.Length == 0).GroupBy(row => row.Type)
            .ToDictionary(type => type.Key, type => type.SelectMany(row => row.Numbers).ToHashSet());
        return [.. rows.Where(row => row.Method.Length > 0).GroupBy(row => (row.Type, row.Method)).Select(test => new Test(
            $"{test.Key.Type}.{test.Key.Method}",
            TimeSpan.FromMilliseconds(test.Sum(row => row.Milliseconds)),
            test.SelectMany(row => row.Numbers).Concat(between[test.Key.Type]).ToHashSet())).Where(test => !failed.Contains(test.Name))];
    }

    public async Task<Verdict> TryAsync(Mutant mutant, int number, IReadOnlyList<Test> tests)
    {
        var reaching = tests.Where(test => mutant.IsStatic || test.Reaches.Contains(number)).OrderBy(test => test.Duration).ToList();
        var spent = TimeSpan.Zero;
        var first = reaching.TakeWhile(test => (spent += test.Duration) < FirstRound).ToList();
        var by = await TryAsync(number, first) ?? await TryAsync(number, [.. reaching.Skip(first.Count)]);
        return new Verdict(by, reaching.Count > 0);
    }

    private async Task<string?> TryAsync(int mutant, List<Test> tests)
    {
        if (tests.Count == 0)
        {
            return null;
        }

        var bound = Patience + tests.Aggregate(TimeSpan.Zero, (sum, test) => sum + test.Duration) * Slowness;
        var (exit, output) = await RunAsync(
            ["-stopOnFail", .. tests.SelectMany(test => new[] { "-method", test.Name })], bound, ("CHATBACKEND_MUTANT", mutant.ToString(null, null)));
        return exit switch
        {
            0 => null,
            null => $"time-out after {bound.TotalSeconds:0} s",
            _ => FailedIn(output).FirstOrDefault() ?? $"exit code {exit}: {output.Trim().Split('\n')[^1]}",
        };
    }

    private async Task<(int? Exit, string Output)> RunAsync(IEnumerable<string> arguments, TimeSpan bound, (string Name, string Value) variable)
    {
        var start = new ProcessStartInfo(program, ["-noLogo", "-noColor", "-parallelMode", "none", .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(program)!, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment[variable.Name] = variable.Value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(bound, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return (null, "");
        }
    }

    /// <summary>Names of the tests that failed, without the arguments of a theory.</summary>
    private static IEnumerable<string> FailedIn(string output) => output.Split('\n')
        .Where(line => line.EndsWith("[FAIL]", StringComparison.Ordinal))
        .Select(line => line.Trim().Split('(', ' ')[0]);

    private static IEnumerable<int> NumbersOf(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, null));
}
