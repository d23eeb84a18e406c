using System.Diagnostics;
using System.Threading.Channels;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Three tools of two seconds each that a model asks for at once, as everyone who follows the thread sees them, and a stop in the middle of them.</summary>
internal static class ToolsAtOnce
{
    private const int Rounds = 5;
    private const int Followers = 5;
    private const int Calls = 3;
    private const string One = "one tool";
    private const string All = "three at once";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(Results results)
    {
        var table = new Table(
            "Tools at once",
            $"From agent_started to agent_completed at the client that asked, where the model asks for one tool of {SlowTools.Time.TotalSeconds:0} s, or for {Calls} of them in one answer. {Followers} more connections follow the thread: "
            + "each has to see the same events in the same order. Then a stop while all of them run.");
        await using var tools = await SlowTools.StartAsync();
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, cores: null, settings: tools.Settings);
        await server.ReadyAsync();
        var token = await server.TokenAsync() ?? throw new InvalidOperationException("The server gave no token.");
        await using var asker = await Watcher.ConnectAsync(server, token);
        var (thread, first) = await asker.AskAsync(null, 1); // the server's code is new
        await asker.UntilEndAsync(first);
        List<Watcher> watchers = [asker];
        try
        {
            for (var i = 0; i < Followers; i++)
            {
                watchers.Add(await Watcher.ConnectAsync(server, token));
                await watchers[^1].FollowAsync(thread);
            }

            for (var round = 0; round < Rounds; round++)
            {
                table.Add(One, "s", await TimeAsync(watchers, thread, 1));
                table.Add(All, "s", await TimeAsync(watchers, thread, Calls));
            }

            table.Add(All, "s from a stop until none runs", await StopAsync(watchers, thread, tools));
        }
        finally
        {
            await Task.WhenAll(watchers.Skip(1).Select(watcher => watcher.DisposeAsync().AsTask()));
        }

        results.Add(table);
        results.Add(new Figure($"{Calls} tools of {SlowTools.Time.TotalSeconds:0} s at once, from agent_started to the end", table.Values(All, "s"), "s", 3, 2.2));
        results.Add(new Figure("the same over one tool", table.Ratios("s", All, One), "×", null, null));
        results.Add(new Figure($"from a stop until none of {Calls} tools runs", table.Values(All, "s from a stop until none runs"), "s", 1, 0.1));
    }

    private static async Task<double> TimeAsync(List<Watcher> watchers, ThreadId thread, int calls)
    {
        var (_, run) = await watchers[0].AskAsync(thread, calls);
        var seen = await SeenByAllAsync<AgentCompleted>(watchers, run);
        var outcomes = seen.Events.OfType<ToolCompleted>().Count(call => call.Outcome == ToolOutcome.Succeeded);
        return outcomes == calls ? seen.Seconds : throw new InvalidOperationException($"{outcomes} of {calls} calls succeeded.");
    }

    private static async Task<double> StopAsync(List<Watcher> watchers, ThreadId thread, SlowTools tools)
    {
        var (_, run) = await watchers[0].AskAsync(thread, Calls);
        await UntilAsync(() => tools.Running == Calls, "three tools that run");
        var (returned, stopped) = (tools.Returned, Stopwatch.GetTimestamp());
        await watchers[0].Connection.StopAsync(thread).WaitAsync(Patience);
        await UntilAsync(() => tools.Running == 0, "a stop of all tools");
        var seconds = Stopwatch.GetElapsedTime(stopped).TotalSeconds;
        await SeenByAllAsync<AgentStopped>(watchers, run);
        return tools.Returned == returned ? seconds : throw new InvalidOperationException($"{tools.Returned - returned} tools ran to their end in spite of a stop.");
    }

    /// <summary>What the first of them saw of the run, once each of the others has seen the same.</summary>
    private static async Task<SeenRun> SeenByAllAsync<TEnd>(List<Watcher> watchers, RunId run)
    {
        var seen = new List<SeenRun>();
        foreach (var watcher in watchers)
        {
            seen.Add(await watcher.UntilEndAsync(run));
        }

        var first = seen[0];
        if (first.Events[^1] is not TEnd)
        {
            throw new InvalidOperationException($"The run ended with {first.Events[^1]}.");
        }

        var begun = first.Events.OfType<ToolExecuting>().Select(call => call.Arguments.GetProperty("n").GetInt32()).ToList();
        if (!begun.SequenceEqual(Enumerable.Range(0, begun.Count)))
        {
            throw new InvalidOperationException($"The calls began in the order {string.Join(", ", begun)}.");
        }

        if (seen.Find(other => other.Order != first.Order) is { } different)
        {
            throw new InvalidOperationException($"Followers saw different orders:\n{first.Order}\n{different.Order}");
        }

        return first;
    }

    private static async Task UntilAsync(Func<bool> isSo, string what)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!isSo() && await timer.WaitForNextTickAsync())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"Waited in vain for {what}.");
            }
        }
    }

    /// <param name="Seconds">From its start to its end.</param>
    private sealed record SeenRun(IReadOnlyList<RunEvent> Events, double Seconds)
    {
        public string Order { get; } = string.Join(' ', Events.Select(Name));

        private static string Name(RunEvent runEvent) => runEvent switch
        {
            ToolExecuting call => $"{call.Seq}:executing:{call.CallId}",
            ToolCompleted call => $"{call.Seq}:completed:{call.CallId}",
            _ => $"{runEvent.Seq}:{runEvent.GetType().Name}",
        };
    }

    /// <summary>A connection, and the events of runs that came over it, with the time at which each came.</summary>
    private sealed class Watcher : IAsyncDisposable
    {
        private readonly Channel<(RunEvent Event, long At)> _events = Channel.CreateUnbounded<(RunEvent, long)>();

        public ChatConnection Connection { get; private set; } = null!;

        public static async Task<Watcher> ConnectAsync(ServerUnderLoad server, string token)
        {
            var watcher = new Watcher();
            watcher.Connection = await ChatConnection.ConnectAsync(new ChatConnectionOptions
            {
                Uri = new UriBuilder(server.Http) { Scheme = "ws", Path = "/ws" }.Uri,
                Token = _ => ValueTask.FromResult(token),
                OnFrame = frame =>
                {
                    if (frame is RunEvent runEvent)
                    {
                        watcher._events.Writer.TryWrite((runEvent, Stopwatch.GetTimestamp()));
                    }
                },
            });
            return watcher;
        }

        public async Task<(ThreadId Thread, RunId Run)> AskAsync(ThreadId? thread, int calls)
        {
            var ack = await Connection.ChatAsync($"{calls}", thread, agent: "tools").WaitAsync(Patience);
            return (ack.ThreadId!.Value, ack.RunId!.Value);
        }

        public Task<ThreadFollower> FollowAsync(ThreadId thread) => Connection.FollowAsync(thread).WaitAsync(Patience);

        public async Task<SeenRun> UntilEndAsync(RunId run)
        {
            var events = new List<RunEvent>();
            long began = 0;
            while (true)
            {
                var (runEvent, at) = await _events.Reader.ReadAsync().AsTask().WaitAsync(Patience);
                if (runEvent.RunId != run)
                {
                    continue; // of an earlier run
                }

                if (events.Count > 0 && runEvent.Seq != events[^1].Seq + 1)
                {
                    throw new InvalidOperationException($"seq {runEvent.Seq} came after {events[^1].Seq}");
                }

                events.Add(runEvent);
                began = began == 0 ? at : began;
                if (runEvent is AgentCompleted or AgentStopped or AgentFailed)
                {
                    return new SeenRun(events, Stopwatch.GetElapsedTime(began, at).TotalSeconds);
                }
            }
        }

        public async ValueTask DisposeAsync() => await Connection.DisposeAsync();
    }
}
