using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>What a connection costs that does nothing.</summary>
internal static class IdleConnections
{
    // More than the calls after which a method is compiled again: what compiling needs is not a connection's.
    private const int WarmUp = 3000;
    private const int Connections = 10_000;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Results results)
    {
        var table = new Table("Idle connections", $"Resident memory that {Connections:N0} connections add to a process that has served {WarmUp}, divided by their number. A new process each round.");
        for (var round = 0; round < Rounds.Count; round++)
        {
            foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor, Contestant.SignalR, Contestant.SocketIo })
            {
                await using var server = await ServerUnderLoad.StartAsync(contestant);
                using var loop = new LoadLoop();
                var crowd = await Crowd.ConnectAsync(loop, server, WarmUp);
                crowd.Loop.RunFor(Settle);
                var before = ProcessClock.Rss(server.Pid);
                crowd.Add(Connections);
                crowd.Loop.RunFor(Settle);
                table.Add(contestant.Name, "KB a connection", (ProcessClock.Rss(server.Pid) - before) / 1024.0 / Connections);
            }
        }

        results.Add(table);
        double[] over = [.. table.Values("ours", "KB a connection").Zip(table.Values("floor", "KB a connection"), (ours, floor) => ours - floor)];
        results.Add(new Figure("idle connection, RSS over the floor's with zero-byte reads", over, "KB", 2.5, 1.5));
        results.Add(new Figure("idle connection, RSS over SignalR's", table.Ratios("KB a connection", "ours", "signalr"), "×", 0.75, 0.65));
    }
}
