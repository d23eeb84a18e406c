using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>What a durable turn costs now, and before the search index left the commit.</summary>
internal static class DurableTurnCost
{
    private const string Earlier = "63d4d8d";
    private const int Connections = 100;
    private const double PerSecond = 2000;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Results results)
    {
        await using var earlier = await EarlierServer.BuildAsync(Earlier, "the server before the search index left the commit");
        await MeasureAsync(results, earlier.Contestant);
    }

    private static async Task MeasureAsync(Results results, Contestant earlier)
    {
        var question = Question.Of(deltas: 1);
        var table = new Table("Cost of a durable turn", $"{PerSecond:0} turns a second over {Connections} connections, one delta a turn; bytes as the kernel counts them for the process.");
        await Rounds.RunAsync([Contestant.Ours, earlier], model: null, (loop, server) => Crowd.ConnectAsync(loop, server, Connections), (crowd, round) =>
        {
            var written = ProcessClock.Written(crowd.Server.Pid);
            var window = new TurnLoad(crowd, question).Paced(PerSecond, Settle, Time);
            // A moment for what follows the commits.
            crowd.Loop.RunFor(Settle);
            written = ProcessClock.Written(crowd.Server.Pid) - written;
            if (round is not null)
            {
                var name = crowd.Server.Contestant.Name;
                table.Add(name, "turns/s", window.TurnsPerSecond);
                table.Add(name, "CPU µs per turn", window.CpuPerTurnUs);
                table.Add(name, "bytes per turn", written / (window.TurnsPerSecond * (Settle + Time).TotalSeconds));
                table.Add(name, "late turns", window.Late);
            }
        });

        results.Add(table);
        results.Add(new Figure($"CPU of a durable turn over {Earlier}", table.Ratios("CPU µs per turn", Contestant.Ours.Name, earlier.Name), "×", 0.8, 0.7));
        results.Add(new Figure($"bytes written of a durable turn over {Earlier}", table.Ratios("bytes per turn", Contestant.Ours.Name, earlier.Name), "×", 0.8, 0.6));
    }
}
