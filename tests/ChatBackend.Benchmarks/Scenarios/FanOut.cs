using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;
using ChatBackend.Following;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>One thread that a thousand sockets follow while its agent speaks: how late a token is at each of them.</summary>
internal static class FanOut
{
    private const int Followers = 1000;
    private const int TokensPerSecond = 150;
    private const int Tokens = 600;

    public static async Task RunAsync(Results results)
    {
        await using var model = await ModelFeed.StartAsync();
        var table = new Table(
            "Fan-out",
            $"{Followers} sockets follow one thread whose model says {TokensPerSecond} tokens a second: {Followers * TokensPerSecond:N0} events a second. Each token says when it was made; the delay is from there to each socket.");
        await Rounds.RunAsync(
            [Contestant.Ours, Contestant.Floor, Contestant.SignalRGroup, Contestant.SocketIo], model.Address, PrepareAsync,
            (crowd, round) => Measure(crowd, round is null ? null : table), warmUps: 1);
        results.Add(table);
        results.Add(new Figure("fan-out, 1,000 sockets, 150,000 events a second, p99 over SignalR", table.Ratios("p99 ms", "ours", "signalr"), "×", 0.67, 0.5));

        var allocated = await AllocationsAsync(model);
        results.Add(allocated);
        results.Add(new Figure("bytes allocated per delivered event in fan-out", allocated.Values("ours", "bytes per event"), "B", 64, 16));
    }

    private static async Task<Crowd> PrepareAsync(LoadLoop loop, ServerUnderLoad server)
    {
        var crowd = await Crowd.ConnectAsync(loop, server, Followers);
        var question = Question.Of(deltas: 1);
        crowd.Clients[0].Chat(question.Content, question.Answer);
        crowd.Until(() => !crowd.Clients[0].IsInTurn, "a first turn");
        foreach (var client in crowd.Clients.Skip(1))
        {
            client.Follow(crowd.Clients[0].ThreadId!, crowd.Clients[0].Seq);
        }

        crowd.Until(() => crowd.Clients.Skip(1).All(client => client.HasCaughtUp), "following");
        return crowd;
    }

    private static void Measure(Crowd crowd, Table? table)
    {
        var delays = new List<double>(Followers * Tokens);
        foreach (var client in crowd.Clients)
        {
            client.Event = (kind, json) => Note(kind, json, crowd.Loop, delays);
        }

        var (cpu, runner, began, frames) = (ProcessClock.Cpu(crowd.Server.Pid), ProcessClock.Cpu(Environment.ProcessId), Stopwatch.GetTimestamp(), Received(crowd));
        Speak(crowd);
        var wall = Stopwatch.GetElapsedTime(began);
        if (delays.Count != Followers * Tokens)
        {
            throw new InvalidOperationException($"{crowd.Server.Contestant.Name} delivered {delays.Count} of {Followers * Tokens} tokens.");
        }

        if (table is not null)
        {
            var name = crowd.Server.Contestant.Name;
            table.Add(name, "p50 ms", Statistics.Percentile(delays, 0.5));
            table.Add(name, "p99 ms", Statistics.Percentile(delays, 0.99));
            table.Add(name, "CPU µs per event", (ProcessClock.Cpu(crowd.Server.Pid) - cpu).TotalMicroseconds / delays.Count);
            table.Add(name, "frames per event", (double)(Received(crowd) - frames) / delays.Count);
            table.Add(name, "server busy %", 100 * ((ProcessClock.Cpu(crowd.Server.Pid) - cpu) / wall));
            table.Add(name, "runner busy %", 100 * ((ProcessClock.Cpu(Environment.ProcessId) - runner) / wall));
        }
    }

    private static void Speak(Crowd crowd)
    {
        var ended = 0;
        foreach (var client in crowd.Clients)
        {
            var noted = client.Event;
            client.Event = (kind, json) =>
            {
                noted?.Invoke(kind, json);
                ended += kind == EventKind.AgentCompleted ? 1 : 0;
            };
        }

        crowd.Clients[0].Chat(ModelFeed.Ask(Tokens, TokensPerSecond), answer: null, agent: "feed");
        crowd.Until(() => ended == Followers, "the answer at every follower");
        crowd.ThrowIfFailed();
    }

    private static void Note(EventKind kind, ReadOnlySpan<byte> json, LoadLoop loop, List<double> delays)
    {
        if (kind == EventKind.AgentDelta)
        {
            for (var text = EventJson.Text(json, "\"text\":\""u8); text.Length >= ModelFeed.TokenLength; text = text[ModelFeed.TokenLength..])
            {
                delays.Add(Stopwatch.GetElapsedTime(ModelFeed.MadeAt(text[..ModelFeed.TokenLength]), loop.Now).TotalMilliseconds);
            }
        }
    }

    private static async Task<Table> AllocationsAsync(ModelFeed model)
    {
        var table = new Table("Fan-out, allocations", "The same once more, with the runtime's own counters read from outside: bytes allocated in the whole process, per delivered event.");
        foreach (var contestant in new[] { Contestant.Ours, Contestant.Floor, Contestant.SignalRGroup })
        {
            await using var server = await ServerUnderLoad.StartAsync(contestant, model.Address);
            using var loop = new LoadLoop();
            var crowd = await PrepareAsync(loop, server);
            foreach (var client in crowd.Clients)
            {
                client.Event = null;
            }

            Speak(crowd);
            await using var allocations = await Allocations.OfAsync(server.Pid);
            for (var round = 0; round < Rounds.Count; round++)
            {
                crowd.Clients.ForEach(client => client.Event = null);
                var before = allocations.Bytes;
                Speak(crowd);
                // The last second's are told when it is over.
                crowd.Loop.RunFor(TimeSpan.FromSeconds(1.2));
                table.Add(contestant.Name, "bytes per event", (double)(allocations.Bytes - before) / (Followers * Tokens));
            }
        }

        return table;
    }

    private static long Received(Crowd crowd) => crowd.Clients.Sum(client => client.Received);
}
