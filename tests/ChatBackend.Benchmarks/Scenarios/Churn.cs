using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Clients that come, ask once and go, and what is left of them.</summary>
internal static class Churn
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(Results results)
    {
        var table = new Table("Churn", $"{AtOnce} clients at a time connect, have one turn, close, and connect again. Handlers are counted when all have gone.");
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Floor, Contestant.SignalR], model: null, (loop, server) => Crowd.ConnectAsync(loop, server, 0),
            (crowd, round) => Measure(crowd, round is null ? null : table), warmUps: 1);
        await HandlersAsync(table);
        results.Add(table);
    }

    private static void Measure(Crowd crowd, Table? table)
    {
        var question = Question.Of(deltas: 1);
        var (done, isOver, open) = (0, false, 0);
        void Begin()
        {
            open++;
            var client = crowd.New();
            crowd.Clients.Add(client);
            client.Ready = () => client.Chat(question.Content, question.Answer);
            client.TurnEnded = _ =>
            {
                client.Socket.Close();
                crowd.Loop.After(TimeSpan.FromMilliseconds(1), () => WhenClosed(client));
            };
        }

        void WhenClosed(LoadClient client)
        {
            if (!client.Socket.IsClosed)
            {
                crowd.Loop.After(TimeSpan.FromMilliseconds(1), () => WhenClosed(client));
                return;
            }

            open--;
            done++;
            if (!isOver)
            {
                Begin();
            }
        }

        var (cpu, began) = (ProcessClock.Cpu(crowd.Server.Pid), Stopwatch.GetTimestamp());
        for (var i = 0; i < AtOnce; i++)
        {
            Begin();
        }

        crowd.Loop.RunFor(Time);
        isOver = true;
        crowd.Until(() => open == 0, "the last clients to go");
        crowd.ThrowIfFailed();
        crowd.Clients.Clear();
        table?.Add(crowd.Server.Contestant.Name, "clients a second", done / Stopwatch.GetElapsedTime(began).TotalSeconds);
        table?.Add(crowd.Server.Contestant.Name, "CPU µs a client", (ProcessClock.Cpu(crowd.Server.Pid) - cpu).TotalMicroseconds / done);
    }

    private static async Task HandlersAsync(Table table)
    {
        foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor, Contestant.Piled })
        {
            await using var server = await ServerUnderLoad.StartAsync(contestant);
            using var loop = new LoadLoop();
            var crowd = await Crowd.ConnectAsync(loop, server, 1000);
            crowd.Clients.ForEach(client => client.Socket.Reset());
            crowd.Loop.RunFor(TimeSpan.FromSeconds(2));
            table.Add(contestant.Name, "handlers after 1,000 resets", await server.HandlersAsync());
        }
    }
}
