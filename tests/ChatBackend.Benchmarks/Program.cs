using System.Globalization;
using ChatBackend.Benchmarks.Micro;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Rivals;
using ChatBackend.Benchmarks.Scenarios;
using ChatBackend.Benchmarks.Servers;
using ChatBackend.Benchmarks.Store;

// Numbers of one run are to be compared with one another, not with those of another machine.
(string Name, Func<Results, Task> Run)[] scenarios =
[
    ("start", StartUp.RunAsync),
    ("pace", Pace.RunAsync),
    ("designs", Designs.RunAsync),
    ("idle", IdleConnections.RunAsync),
    ("streaming", StreamingTurn.RunAsync),
    ("echo", EchoTurn.RunAsync),
    ("fanout", FanOut.RunAsync),
    ("many", ManyConnections.RunAsync),
    ("herd", ReconnectHerd.RunAsync),
    ("long", LongThread.RunAsync),
    ("churn", Churn.RunAsync),
    ("micro", MicroBenchmarks.RunAsync),
    ("hostile", HostileSearch.RunAsync),
    ("reindex", Reindexing.RunAsync),
    ("disk", DiskUse.RunAsync),
    ("cost", DurableTurnCost.RunAsync),
    ("before", BeforeTheLibrary.RunAsync),
    ("tools", ToolsAtOnce.RunAsync),
];

switch (args)
{
    case ["load", var output, .. var chosen] when chosen.All(name => scenarios.Any(scenario => scenario.Name == name)):
        Cores.PinThisProcess();
        var (results, isWhole) = (new Results(), true);
        foreach (var (name, run) in scenarios.Where(scenario => chosen.Length == 0 || chosen.Contains(scenario.Name)))
        {
            Console.WriteLine($"== {name}");
            try
            {
                await run(results);
            }
            catch (Exception ex) when (ex is InvalidOperationException or TimeoutException)
            {
                // What a server did wrong; the others' numbers stand.
                results.Note($"NOT MEASURED: {name}. {ex.Message}");
                isWhole = false;
            }
        }

        results.Write(new DirectoryInfo(output));
        return isWhole && !results.Figures.Any(figure => figure.IsMissed) ? 0 : 1;
    case ["profile", var name, "echo" or "streaming" or "paced", var seconds] when Contestant.Find(name) is { } contestant:
        Cores.PinThisProcess();
        return await Profile.RunAsync(contestant, args[2], int.Parse(seconds, CultureInfo.InvariantCulture));
    case ["store", .. var rest] when rest.Length <= 2:
        var threads = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 10_000;
        var events = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 1_000_000;
        return await StoreBenchmark.RunAsync(threads, events) ? 0 : 1;
    case ["rival", .. var rest]:
        return await RivalHost.RunAsync(rest);
    default:
        Console.Error.WriteLine($"Usage: tests/ChatBackend.Benchmarks/run [{string.Join(" | ", scenarios.Select(scenario => scenario.Name))}] …");
        return 2;
}
