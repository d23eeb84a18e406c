using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>One server alone under one kind of load, for as long as a profiler wants to look.</summary>
internal static class Profile
{
    public static async Task<int> RunAsync(Contestant contestant, string load, int seconds)
    {
        await using var server = await ServerUnderLoad.StartAsync(contestant);
        using var loop = new LoadLoop();
        var crowd = await Crowd.ConnectAsync(loop, server, 100);
        Console.WriteLine($"pid {server.Pid}");
        for (var second = 0; second < seconds; second += 3)
        {
            var question = load == "streaming" ? Question.Of(deltas: 50, everyMs: 5) : Question.Of(deltas: 1);
            var turns = new TurnLoad(crowd, question);
            var written = ProcessClock.Written(server.Pid);
            var window = load == "paced"
                ? turns.Paced(2000, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5))
                : turns.Closed(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5));
            Console.WriteLine(
                $"{window.TurnsPerSecond:0} turns/s, {window.CpuPerTurnUs:0.0} µs a turn, {(ProcessClock.Written(server.Pid) - written) / (window.TurnsPerSecond * 3):0} bytes a turn, {window.CpuPerEventUs:0.00} µs an event, first event p50 {window.FirstEventMs(0.5):0.00} p99 {window.FirstEventMs(0.99):0.00} ms, {window.FramesPerTurn:0.0} frames");
        }

        return 0;
    }
}
