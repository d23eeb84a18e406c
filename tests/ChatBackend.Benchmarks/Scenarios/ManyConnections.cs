using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>The same traffic over 100 connections and over 10,000, and over 1,000 beside the design that broadcasts.</summary>
internal static class ManyConnections
{
    private const double TurnsPerSecond = 200;

    public static async Task RunAsync(Results results)
    {
        var question = Question.Of(deltas: 50, everyMs: 5);
        var table = new Table("Many connections", $"{TurnsPerSecond:0} turns a second of {question.Deltas} deltas, whose turn it is goes round; the other connections are open and follow a thread of their own.");
        foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor })
        {
            await using var few = await ServerUnderLoad.StartAsync(contestant);
            await using var many = await ServerUnderLoad.StartAsync(contestant);
            using var loop = new LoadLoop();
            var (hundred, tenThousand) = (await PrepareAsync(loop, few, 100), await PrepareAsync(loop, many, 10_000));
            for (var round = -1; round < Rounds.Count; round++)
            {
                foreach (var crowd in round % 2 == 0 ? new[] { hundred, tenThousand } : [tenThousand, hundred])
                {
                    Add(round < 0 ? null : table, $"{contestant.Name}, {crowd.Clients.Count:N0} connections", Measure(crowd, question, TurnsPerSecond));
                }
            }
        }

        results.Add(table);
        results.Add(new Figure("CPU per event at 10,000 connections over 100", table.Ratios("CPU µs per event", "ours, 10,000 connections", "ours, 100 connections"), "×", 1.2, 1.05));
        await BroadcastAsync(results);
    }

    private static async Task BroadcastAsync(Results results)
    {
        const double Pace = 20;
        var question = Question.Of(deltas: 50, everyMs: 5);
        var table = new Table("Broadcast and filter", $"1,000 connections, each in a thread of its own; {Pace:0} turns a second of {question.Deltas} deltas.");
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Broadcast, Contestant.Pool, Contestant.Floor], model: null,
            (loop, server) => PrepareAsync(loop, server, 1000),
            (crowd, round) => Add(round is null ? null : table, crowd.Server.Contestant.Name, Measure(crowd, question, Pace)), warmUps: 1);
        results.Add(table);
        results.Add(new Figure("broadcast-and-filter over ours at 1,000 connections, CPU per event", table.Ratios("CPU µs per event", "broadcast", "ours"), "×", null, null));
    }

    /// <summary>Each client has had a turn, and so has a thread that it follows.</summary>
    private static async Task<Crowd> PrepareAsync(LoadLoop loop, ServerUnderLoad server, int connections)
    {
        var crowd = await Crowd.ConnectAsync(loop, server, connections);
        var question = Question.Of(deltas: 1);
        foreach (var some in crowd.Clients.Chunk(200))
        {
            foreach (var client in some)
            {
                client.Chat(question.Content, question.Answer);
            }

            crowd.Until(() => some.All(client => !client.IsInTurn), "a first turn each");
        }

        crowd.ThrowIfFailed();
        return crowd;
    }

    private static TurnWindow Measure(Crowd crowd, Question question, double perSecond) =>
        new TurnLoad(crowd, question).Paced(perSecond, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(3));

    private static void Add(Table? table, string name, TurnWindow window)
    {
        table?.Add(name, "CPU µs per event", window.CpuPerEventUs);
        table?.Add(name, "first event p99 ms", window.FirstEventMs(0.99));
        table?.Add(name, "late turns", window.Late);
        table?.Add(name, "server busy %", 100 * window.ServerBusy);
        table?.Add(name, "runner busy %", 100 * window.RunnerBusy);
    }
}
