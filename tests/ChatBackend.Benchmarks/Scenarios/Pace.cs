using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>How soon after its start a server on one processor serves full load: until then its clients wait.</summary>
internal static class Pace
{
    private const int Starts = 5;
    private const int Connections = 100;
    private const double PerSecond = 2000;
    private const double Share = 0.95;
    private const int WindowsOfASecond = 4;
    private const int Windows = 60;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(250);

    public static async Task RunAsync(Results results)
    {
        var table = new Table(
            "Pace after the start",
            $"From the moment /health/ready answers 200 on a new server until it answers {Share:P0} of {PerSecond:N0} turns a second, one delta a turn, over {Connections} connections that are made in that time too: "
            + "the end of the first quarter of the first such second. On one processor.");
        for (var round = -1; round < Starts; round++)
        {
            using var loop = new LoadLoop();
            await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, cores: Cores.First);
            await server.ReadyAsync();
            var ready = Stopwatch.GetTimestamp();
            var crowd = await Crowd.ConnectAsync(loop, server, Connections);
            var connected = Stopwatch.GetElapsedTime(ready);
            var answered = new TurnLoad(crowd, Question.Of(deltas: 1)).Answered(PerSecond, Window, Windows);
            if (round < 0)
            {
                continue; // the load runner is new, too
            }

            var reached = connected + (Window * (FirstAtPace(answered) + 1));
            table.Add(Contestant.Ours.Name, "s until connected", connected.TotalSeconds);
            table.Add(Contestant.Ours.Name, "s until at pace", reached.TotalSeconds);
            table.Add(Contestant.Ours.Name, "turns in the first second", answered.Take(WindowsOfASecond).Sum());
            table.Add(Contestant.Ours.Name, "turns in the fifth", answered.Skip(16).Take(WindowsOfASecond).Sum());
        }

        results.Add(table);
        var times = table.Values(Contestant.Ours.Name, "s until at pace");
        results.Add(new Figure($"from ready until {Share:P0} of {PerSecond:N0} turns a second, on one processor", times, "s", 3, 1.5));
    }

    private static int FirstAtPace(int[] answered)
    {
        for (var first = 0; first + WindowsOfASecond <= answered.Length; first++)
        {
            if (answered.AsSpan(first, WindowsOfASecond).ToArray().Sum() >= Share * PerSecond)
            {
                return first;
            }
        }

        throw new InvalidOperationException($"The server did not come to its pace; turns in each {Window.TotalMilliseconds:0} ms: {string.Join(' ', answered)}");
    }
}
