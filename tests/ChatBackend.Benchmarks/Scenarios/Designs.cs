using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Whether each design gives every client its own answer and nobody else's.</summary>
internal static class Designs
{
    private const int Clients = 25;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(Results results)
    {
        var table = new Table("Correctness of the designs", $"{Clients} clients connect, then each asks one question. Whole answers that reached the client that asked, and events of other clients' threads that reached anybody.");
        foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor, Contestant.SignalR, Contestant.SignalREf, Contestant.SocketIo, Contestant.Pool, Contestant.Broadcast, Contestant.Shared, Contestant.Piled })
        {
            await using var server = await ServerUnderLoad.StartAsync(contestant);
            using var loop = new LoadLoop();
            var crowd = await Crowd.ConnectAsync(loop, server, Clients);
            var (whole, foreign) = (0, 0);
            var question = Question.Of(deltas: 5, everyMs: 5);
            foreach (var client in crowd.Clients)
            {
                var own = "";
                client.TurnEnded = _ => whole += client.Failure is null ? 1 : 0;
                client.Event = (kind, json) =>
                {
                    // The first thread it hears of in an ack is its own, where the server keeps clients apart.
                    own = kind == EventKind.Ack && own.Length == 0 ? EventJson.ThreadOf(json) : own;
                    foreign += kind is not EventKind.ConnectionEstablished && EventJson.ThreadOf(json) != own ? 1 : 0;
                };
                client.Chat(question.Content, question.Answer);
            }

            crowd.Loop.RunFor(Time);
            table.Add(contestant.Name, "own answers, whole", whole);
            table.Add(contestant.Name, "foreign events", foreign);
        }

        results.Add(table);
        results.Add(new Figure("clients of ours that got their own answer, of 25", table.Values("ours", "own answers, whole"), "", Clients, Clients, More: true));
    }
}
