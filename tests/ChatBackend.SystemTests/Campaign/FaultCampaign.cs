using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Faults;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>
/// Users talk through a network that breaks with a server that dies; then what every client was sent is held against the log as
/// a last reader is sent it. Nothing but what clients saw is evidence.
/// </summary>
internal sealed class FaultCampaign(CampaignOptions options, Action<string> write)
{
    private const int ClientsPerUser = 3;
    private const int ThreadsAtOnce = 50;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    // Nobody waits long for a decision that nobody takes.
    private static readonly ServerSettings Settings = ServerSettings.Scripted with
    {
        Configuration = new Dictionary<string, string>(ServerSettings.Scripted.Configuration) { ["Runs:ApprovalTimeout"] = "00:00:03" },
    };

    private readonly Evidence _evidence = new();
    private readonly List<ScriptedUser> _users = [];
    private readonly Random _dice = new(options.Seed);
    private readonly ConcurrentBag<string> _complaints = [];
    private int _killed;
    private int _terminated;

    public async Task<CampaignResult> RunAsync()
    {
        write($"seed {options.Seed}: {options}");
        using var data = new TestDirectory();
        var server = await ServerProcess.StartAsync(Settings with { DataDirectory = data.Path });
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            await using var proxy = FaultProxy.Seeded(server.Http, options.Seed);
            await InviteAsync(server, proxy);
            using var enough = new CancellationTokenSource();
            var sitting = Enumerable.Range(0, options.Clients).Select(place => _users[place % _users.Count].SitAsync(place, enough.Token)).ToList();
            server = await StormAsync(server, sitting);
            await enough.CancelAsync();
            await Task.WhenAll(sitting);
            write($"the storm took {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s; {proxy.Open} connections are open after it");

            var result = await JudgeAsync(server, proxy);
            server.Complaints.ToList().ForEach(_complaints.Add);
            _complaints.Distinct().Take(20).ToList().ForEach(line => write($"server: {line}"));
            return result;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task InviteAsync(ServerProcess server, FaultProxy proxy)
    {
        for (var user = 1; user <= Math.Max(1, options.Clients / ClientsPerUser); user++)
        {
            _users.Add(new ScriptedUser($"user {user}", proxy.WebSocket, await server.GuestAsync(), _evidence, _dice.Next()));
        }
    }

    /// <returns>The server that lives at the end.</returns>
    private async Task<ServerProcess> StormAsync(ServerProcess server, List<Task> sitting)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
        using var glances = new PeriodicTimer(Glance);
        while (await glances.WaitForNextTickAsync() && !late.IsCancellationRequested && sitting.TrueForAll(place => !place.IsFaulted))
        {
            var seen = _evidence.Sightings.Events;
            if (_killed == options.Kills)
            {
                if (seen >= options.Events)
                {
                    break;
                }
            }
            else if (seen >= (long)options.Events * (_killed + 1) / (options.Kills + 1))
            {
                server = await ReplaceAsync(server);
                write($"death {_killed + _terminated} at {seen} events; {_users.Sum(user => user.Sends.Acknowledged)} of {_users.Sum(user => user.Sends.Ids)} messages acknowledged, {_evidence.Violations} promises broken");
            }
        }

        return server;
    }

    private async Task<ServerProcess> ReplaceAsync(ServerProcess server)
    {
        if (_dice.Next(5) == 0)
        {
            _terminated++;
            await server.TerminateAsync();
        }
        else
        {
            _killed++;
            await server.KillAsync();
        }

        foreach (var line in server.Complaints)
        {
            _complaints.Add(line);
        }

        await server.DisposeAsync();
        return await ServerProcess.StartAsync(server.Successor);
    }

    /// <summary>The log is what a last reader is sent of every thread, from the first event on.</summary>
    private async Task<CampaignResult> JudgeAsync(ServerProcess server, FaultProxy proxy)
    {
        var (threads, events, runs, messages, decisions) = (0, 0L, 0, 0, 0);
        var ends = new Dictionary<MessageEnd, int>();
        foreach (var user in _users)
        {
            foreach (var some in user.Sends.Threads.Chunk(ThreadsAtOnce))
            {
                var (reader, ledger) = await Ledger.FollowAsync(server, user.Guest, some, _evidence.Sightings);
                await using var _ = reader;
                await ledger.QuietAsync();
                foreach (var broken in ledger.Violations.Concat(ledger.Threads.SelectMany(_evidence.Sightings.Against)))
                {
                    _evidence.Broken("the log", broken);
                }

                foreach (var thread in ledger.Threads)
                {
                    if (ledger.Violations.Any(broken => broken.StartsWith(thread.Thread.Value, StringComparison.Ordinal)))
                    {
                        (await reader.EventsAsync(thread.Thread)).ForEach(threadEvent => write($"  {Brief(threadEvent)}"));
                    }

                    user.Sends.Check(thread);
                    threads++;
                    events += thread.Head;
                    runs += thread.Runs.Count;
                    messages += thread.Messages.Count;
                    decisions += thread.Decisions.Count;
                    foreach (var end in thread.Messages.CountBy(message => message.End))
                    {
                        ends[end.Key] = ends.GetValueOrDefault(end.Key) + end.Value;
                    }
                }
            }

            user.Sends.Finish();
        }

        return new CampaignResult
        {
            Options = options,
            Violations = _evidence.Violations,
            FirstViolations = _evidence.Report,
            SeenEvents = _evidence.Sightings.Events,
            SeenDeltas = _evidence.Sightings.Deltas,
            WholeTexts = _evidence.WholeTexts,
            Killed = _killed,
            Terminated = _terminated,
            Connections = proxy.Connections,
            Strikes = string.Join(", ", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {proxy.Strikes(kind)}")),
            Ids = _users.Sum(user => user.Sends.Ids),
            Acknowledged = _users.Sum(user => user.Sends.Acknowledged),
            Decisions = decisions,
            Threads = threads,
            Events = events,
            Messages = messages,
            Runs = runs,
            Ends = string.Join(", ", ends.OrderBy(end => end.Key).Select(end => $"{end.Key} {end.Value}")),
        };
    }

    private static string Brief(ThreadEvent threadEvent) => $"{threadEvent.Seq} {threadEvent.At:HH:mm:ss.fff} " + threadEvent switch
    {
        UserMessage message => $"{message.MessageId} {message.WhenRunning} {message.Replaces}",
        AgentStarted started => $"{started.RunId} starts on {started.MessageId}",
        MessageSteered steered => $"{steered.RunId} takes in {steered.MessageId}",
        MessageRemoved removed => $"{removed.MessageId} is removed",
        ThreadRewound rewound => $"back to {rewound.ToSeq}",
        AgentFailed failed => $"{failed.RunId} fails: {failed.Code}",
        RunEvent other => $"{other.RunId} {other.GetType().Name}",
        _ => threadEvent.GetType().Name,
    };
}
