using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Short turns, as fast as they go, and then at half of that: how many, and how long until the first event.</summary>
internal static class EchoTurn
{
    private const int Connections = 100;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(2.5);

    public static async Task RunAsync(Results results)
    {
        var question = Question.Of(deltas: 1);
        var full = new Table("Echo turn, full load", $"{Connections} connections, each sends its next message when the last is answered; one delta a turn. Ours commits twice a turn, as do both with EF.");
        var half = new Table("Echo turn, half load", "The same at an even pace of half of what the slower of ours and signalr managed at full load. Every contestant that can keep that pace.");
        var pace = 0.0;
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Floor, Contestant.SignalR, Contestant.SignalREf, Contestant.SignalREfTurns, Contestant.SocketIo], model: null,
            (loop, server) => Crowd.ConnectAsync(loop, server, Connections),
            (crowd, round) => Add(full, crowd, round, new TurnLoad(crowd, question).Closed(Settle, Time)));
        pace = new[] { "ours", "signalr" }.Min(name => Statistics.Median(full.Values(name, "turns/s"))) / 2;
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Floor, Contestant.SignalR, Contestant.SocketIo], model: null,
            (loop, server) => Crowd.ConnectAsync(loop, server, Connections),
            (crowd, round) => Add(half, crowd, round, new TurnLoad(crowd, question).Paced(pace, Settle, Time)));

        results.Add(full);
        results.Add(half);
        results.Add(new Figure("durable turns a second (2 commits each), 100 connections, over signalr+ef", full.Ratios("turns/s", "ours", "signalr+ef"), "×", 5, null, More: true));
        results.Add(new Figure("the same, over signalr+ef with one writer at a time", full.Ratios("turns/s", "ours", "signalr+ef, one writer"), "×", null, 5, More: true));
        results.Add(new Figure("durable turns a second over the floor's turns without log", full.Ratios("turns/s", "ours", "floor"), "×", null, 0.4, More: true));
        var sync = DiskSync.MedianMs();
        results.Note($"One fsync (fdatasync of a written page) takes {sync:0.00} ms here, at the median.");
        double[] p99 = [.. half.Values("ours", "first event p99 ms").Zip(half.Values("signalr", "first event p99 ms"), (ours, theirs) => (ours - sync) / theirs)];
        results.Add(new Figure("first event after chat, p99, half load, without one fsync, over SignalR without log", p99, "×", 1.5, 1.0));
    }

    private static void Add(Table table, Crowd crowd, int? round, TurnWindow window)
    {
        if (round is null)
        {
            return;
        }

        var name = crowd.Server.Contestant.Name;
        table.Add(name, "turns/s", window.TurnsPerSecond);
        table.Add(name, "CPU µs per turn", window.CpuPerTurnUs);
        table.Add(name, "first event p50 ms", window.FirstEventMs(0.5));
        table.Add(name, "first event p99 ms", window.FirstEventMs(0.99));
        table.Add(name, "late turns", window.Late);
        table.Add(name, "server busy %", 100 * window.ServerBusy);
        table.Add(name, "runner busy %", 100 * window.RunnerBusy);
    }
}
