using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>What a turn and an event cost since agents, tools and sign-in are added by an application, and what they did before.</summary>
internal static class BeforeTheLibrary
{
    private const string Earlier = "1c9f9bb";
    private const int Connections = 100;

    // A method is compiled again after 2,000 calls, and with profiles once more after as many: what happens once a turn comes to that late.
    private const int WarmUps = 8;

    // How many turns share a commit, and how many of the streams' timers fall together, differs from round to round by more than the two servers do.
    private const int Count = 9;

    // The medians of one and the same server lie so far apart in two runs.
    private const double NotWorse = 1.05;

    public static async Task RunAsync(Results results)
    {
        await using var earlier = await EarlierServer.BuildAsync(Earlier, "the server before it was a library");
        Contestant[] both = [Contestant.Ours, earlier.Contestant];

        var turns = new Table("Durable turn, before and after the library", $"2,000 turns a second over {Connections} connections, one delta a turn.");
        await MeasureAsync(both, Question.Of(deltas: 1), (load, name, isMeasured) =>
        {
            var window = load.Paced(2000, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
            if (isMeasured)
            {
                turns.Add(name, "CPU µs per turn", window.CpuPerTurnUs);
                turns.Add(name, "turns/s", window.TurnsPerSecond);
            }
        });

        var events = new Table("Streaming turn, before and after the library", $"{Connections} connections that stream all the time: 50 deltas a turn, one every 5 ms, then the next turn.");
        await MeasureAsync(both, Question.Of(deltas: 50, everyMs: 5), (load, name, isMeasured) =>
        {
            var window = load.Closed(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5));
            if (isMeasured)
            {
                events.Add(name, "CPU µs per event", window.CpuPerEventUs);
                events.Add(name, "turns/s", window.TurnsPerSecond);
            }
        });

        results.Add(turns);
        results.Add(events);
        results.Add(new Figure($"CPU of a durable turn over {Earlier}", turns.Ratios("CPU µs per turn", Contestant.Ours.Name, Earlier), "×", NotWorse, 1.0));
        results.Add(new Figure($"CPU of a delivered event over {Earlier}", events.Ratios("CPU µs per event", Contestant.Ours.Name, Earlier), "×", NotWorse, 1.0));
    }

    private static Task MeasureAsync(Contestant[] both, Question question, Action<TurnLoad, string, bool> measure) =>
        Rounds.RunAsync(both, model: null, (loop, server) => Crowd.ConnectAsync(loop, server, Connections), (crowd, round) =>
            measure(new TurnLoad(crowd, question), crowd.Server.Contestant.Name, round is not null), WarmUps, Count);
}
