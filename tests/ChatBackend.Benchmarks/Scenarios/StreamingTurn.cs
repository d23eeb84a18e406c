using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>What most of the time happens: answers that come token by token, on many connections at once.</summary>
internal static class StreamingTurn
{
    private const int Connections = 100;

    public static async Task RunAsync(Results results)
    {
        var question = Question.Of(deltas: 50, everyMs: 5);
        var table = new Table(
            "Streaming turn",
            $"{Connections} connections that stream all the time: {question.Deltas} deltas a turn, one every 5 ms, then the next turn. CPU is the server process's, per event delivered ({question.Events} a turn).");
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Floor, Contestant.SignalR, Contestant.SocketIo, Contestant.Pool, Contestant.Broadcast], model: null,
            (loop, server) => Crowd.ConnectAsync(loop, server, Connections),
            (crowd, round) =>
            {
                var window = new TurnLoad(crowd, question).Closed(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5));
                if (round is not null)
                {
                    var name = crowd.Server.Contestant.Name;
                    table.Add(name, "CPU µs per event", window.CpuPerEventUs);
                    table.Add(name, "first event p50 ms", window.FirstEventMs(0.5));
                    table.Add(name, "first event p99 ms", window.FirstEventMs(0.99));
                    table.Add(name, "frames per turn", window.FramesPerTurn);
                    table.Add(name, "turns/s", window.TurnsPerSecond);
                    table.Add(name, "server busy %", 100 * window.ServerBusy);
                    table.Add(name, "runner busy %", 100 * window.RunnerBusy);
                }
            });
        results.Add(table);
        results.Add(new Figure("server CPU per delivered event, streaming turn of 50 deltas, log on, over SignalR without any log", table.Ratios("CPU µs per event", "ours", "signalr"), "×", 1.0, null));
        results.Add(new Figure("the same over the floor", table.Ratios("CPU µs per event", "ours", "floor"), "×", null, 1.1));
    }
}
