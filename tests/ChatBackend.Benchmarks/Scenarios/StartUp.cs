using System.Diagnostics;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>From the start of the process to a server that takes connections.</summary>
internal static class StartUp
{
    private const int Starts = 7;

    public static async Task RunAsync(Results results)
    {
        var table = new Table("Start", "From the start of the published server's process, on a new data directory, until /health/ready says so; for the floor, until it listens. On all processors.");
        for (var round = 0; round < Starts; round++)
        {
            foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor })
            {
                var began = Stopwatch.GetTimestamp();
                await using var server = await ServerUnderLoad.StartAsync(contestant, cores: null);
                if (contestant.IsOurs)
                {
                    await server.ReadyAsync();
                }

                table.Add(contestant.Name, "s", Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }

        results.Add(table);
        results.Add(new Figure("start to ready, published", table.Values("ours", "s"), "s", 1.0, 0.8));
    }
}
