using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Everybody is cut off at once, comes back at once, and asks for what it missed.</summary>
internal static class ReconnectHerd
{
    private const int Clients = 10_000;
    private const int Missed = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(Results results)
    {
        var table = new Table(
            "Reconnect herd",
            $"{Clients:N0} clients, each with a thread of its own, are reset at once and connect again at once. Ours resumes by cursor, {Missed} events back, and is done when each client has them and its caught_up.");
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours);
        using var loop = new LoadLoop();
        var crowd = await Crowd.ConnectAsync(loop, server, Clients);
        var question = Question.Of(deltas: 1);
        foreach (var some in crowd.Clients.Chunk(200))
        {
            Array.ForEach(some, client => client.Chat(question.Content, question.Answer));
            crowd.Until(() => some.All(client => !client.IsInTurn), "a first turn each");
        }

        for (var round = 0; round < Rounds.Count; round++)
        {
            var cursors = crowd.Clients.Select(client => (Thread: client.ThreadId!, client.Seq)).ToList();
            crowd.Clients.ForEach(client => client.Socket.Reset());
            crowd.Clients.Clear();
            crowd.Loop.RunFor(TimeSpan.FromSeconds(3)); // the server notices, and is idle again
            var (cpu, began) = (ProcessClock.Cpu(server.Pid), Stopwatch.GetTimestamp());
            foreach (var (thread, seq) in cursors)
            {
                var client = crowd.New();
                client.Ready = () => client.Follow(thread, seq - Missed);
                crowd.Clients.Add(client);
            }

            crowd.Loop.RunUntil(() => crowd.Clients.TrueForAll(IsBack), Limit, "10,000 clients coming back");
            var wall = Stopwatch.GetElapsedTime(began);
            var failures = crowd.Clients.Zip(cursors).Count(pair => pair.First.Failure is not null || pair.First.Socket.IsClosed || pair.First.Seq != pair.Second.Seq);
            table.Add("ours", "s until all are back", wall.TotalSeconds);
            table.Add("ours", "failures", failures);
            table.Add("ours", "CPU µs a client", (ProcessClock.Cpu(server.Pid) - cpu).TotalMicroseconds / Clients);
            crowd.ThrowIfFailed();
        }

        results.Add(table);
        results.Add(new Figure("herd: 10,000 clients reconnect at once, each resumes by cursor", table.Values("ours", "s until all are back"), "s", 15, 10));
        results.Add(new Figure("herd: failures", table.Values("ours", "failures"), "", 0, 0));
    }

    private static bool IsBack(LoadClient client) => client.HasCaughtUp || client.Socket.IsClosed;
}
