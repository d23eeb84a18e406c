using System.Collections.Concurrent;
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

    private readonly Evidence _evidence = new();
    private readonly Random _dice = new(options.Seed);
    private readonly ConcurrentBag<string> _complaints = [];
    private int _killed;
    private int _terminated;

    public async Task<CampaignResult> RunAsync()
    {
        write($"seed {options.Seed}: {options}");
        using var data = new TestDirectory();
        var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            await using var proxy = FaultProxy.Seeded(server.Http, options.Seed);
            var users = await UsersAsync(server, proxy);
            using var enough = new CancellationTokenSource();
            var sitting = Enumerable.Range(0, options.Clients).Select(place => users[place % users.Count].SitAsync(place, enough.Token)).ToList();
            server = await StormAsync(server, sitting);
            await enough.CancelAsync();
            await Task.WhenAll(sitting);
            write($"the storm took {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s; {proxy.Open} connections are open after it");

            var result = await JudgeAsync(server, users, proxy);
            server.Complaints.ToList().ForEach(_complaints.Add);
            _complaints.Distinct().Take(20).ToList().ForEach(line => write($"server: {line}"));
            return result;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task<List<ScriptedUser>> UsersAsync(ServerProcess server, FaultProxy proxy)
    {
        var users = new List<ScriptedUser>();
        for (var user = 1; user <= Math.Max(1, options.Clients / ClientsPerUser); user++)
        {
            users.Add(new ScriptedUser($"user {user}", proxy.WebSocket, await server.GuestAsync(), _evidence, _dice.Next()));
        }

        return users;
    }

    /// <returns>The server that lives at the end.</returns>
    private async Task<ServerProcess> StormAsync(ServerProcess server, List<Task> sitting)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
        using var glances = new PeriodicTimer(Glance);
        while (await glances.WaitForNextTickAsync() && !late.IsCancellationRequested && sitting.TrueForAll(place => !place.IsFaulted))
        {
            var seen = _evidence.Sightings.Events;
            if (_killed + _terminated == options.Kills)
            {
                if (seen >= options.Events)
                {
                    break;
                }
            }
            else if (seen >= (long)options.Events * (_killed + _terminated + 1) / (options.Kills + 1))
            {
                server = await ReplaceAsync(server);
                write($"death {_killed + _terminated} at {seen} events; {_evidence.Sends.Acknowledged} of {_evidence.Sends.Ids} messages acknowledged, {_evidence.Violations} promises broken");
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
    private async Task<CampaignResult> JudgeAsync(ServerProcess server, List<ScriptedUser> users, FaultProxy proxy)
    {
        var (threads, events, runs, messages) = (0, 0L, 0, 0);
        var ends = new Dictionary<MessageEnd, int>();
        foreach (var user in users)
        {
            foreach (var some in user.Threads.Chunk(ThreadsAtOnce))
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
                    _evidence.Sends.Check(thread);
                    threads++;
                    events += thread.Head;
                    runs += thread.Runs.Count;
                    messages += thread.Messages.Count;
                    foreach (var end in thread.Messages.CountBy(message => message.End))
                    {
                        ends[end.Key] = ends.GetValueOrDefault(end.Key) + end.Value;
                    }
                }
            }
        }

        _evidence.Sends.Finish();
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
            Ids = _evidence.Sends.Ids,
            Acknowledged = _evidence.Sends.Acknowledged,
            Threads = threads,
            Events = events,
            Messages = messages,
            Runs = runs,
            Ends = string.Join(", ", ends.OrderBy(end => end.Key).Select(end => $"{end.Key} {end.Value}")),
        };
    }
}
