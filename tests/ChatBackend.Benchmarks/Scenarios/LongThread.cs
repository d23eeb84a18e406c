using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;
using ChatBackend.Benchmarks.Store;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Turns in a thread with a long past, and in threads with hardly any.</summary>
internal static class LongThread
{
    private const int LongEvents = 100_000;
    private const int ShortEvents = 10;
    private const int Turns = 300;

    public static async Task RunAsync(Results results)
    {
        var table = new Table(
            "Long thread",
            $"{Turns} turns one after the other: all in one thread of {LongEvents:N0} events, and each in another thread of {ShortEvents}. One delta a turn; the threads are followed and have had a turn before.");
        var directory = Directory.CreateTempSubdirectory("chat-benchmark-");
        try
        {
            var guest = await GuestAsync(directory.FullName);
            var (@long, @short) = await FillAsync(directory.FullName, guest.User);
            await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, model: null, directory.FullName);
            using var loop = new LoadLoop();
            var crowd = await Crowd.ConnectAsync(loop, server, Turns + 1, guest.Token);
            crowd.Clients[0].Follow(@long.Value, LongEvents);
            for (var i = 0; i < Turns; i++)
            {
                crowd.Clients[i + 1].Follow(@short[i].Value, ShortEvents);
            }

            crowd.Until(() => crowd.Clients.TrueForAll(client => client.HasCaughtUp), "following");
            var (inLong, inShort) = (Enumerable.Repeat(crowd.Clients[0], Turns).ToList(), crowd.Clients.Skip(1).ToList());
            for (var round = -1; round < Rounds.Count; round++)
            {
                Measure(crowd, round < 0 ? null : table, $"{LongEvents:N0} events", inLong);
                Measure(crowd, round < 0 ? null : table, $"{ShortEvents} events", inShort);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        results.Add(table);
        results.Add(new Figure("cost of a turn in a thread of 100,000 events over one of 10, CPU", table.Ratios("CPU µs per turn", $"{LongEvents:N0} events", $"{ShortEvents} events"), "×", 1.1, 1.0));
        results.Add(new Figure("the same, time of a turn", table.Ratios("ms per turn", $"{LongEvents:N0} events", $"{ShortEvents} events"), "×", 1.1, 1.0));
    }

    private static void Measure(Crowd crowd, Table? table, string name, List<LoadClient> clients)
    {
        var question = Question.Of(deltas: 1);
        var times = new List<double>();
        var cpu = ProcessClock.Cpu(crowd.Server.Pid);
        foreach (var client in clients)
        {
            client.TurnEnded = turn => times.Add(Stopwatch.GetElapsedTime(0, turn.Whole).TotalMilliseconds);
            client.Chat(question.Content, question.Answer);
            crowd.Until(() => !client.IsInTurn || client.Failure is not null, "a turn");
        }

        crowd.ThrowIfFailed();
        table?.Add(name, "CPU µs per turn", (ProcessClock.Cpu(crowd.Server.Pid) - cpu).TotalMicroseconds / clients.Count);
        table?.Add(name, "ms per turn", Statistics.Median(times));
    }

    /// <summary>A user that the server's own keys vouch for.</summary>
    private static async Task<(UserId User, string Token)> GuestAsync(string directory)
    {
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, model: null, directory);
        using var http = new HttpClient { BaseAddress = server.Http };
        using var answer = await http.PostAsync(new Uri("/api/guests", UriKind.Relative), null);
        var guest = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        return (UserId.From(guest.GetProperty("user_id").GetString()!), guest.GetProperty("token").GetString()!);
    }

    /// <summary>Written through the log, as the server writes it.</summary>
    private static async Task<(ThreadId Long, List<ThreadId> Short)> FillAsync(string directory, UserId user)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["DataDirectory"] = directory;
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Configuration["Agents:Script:Enabled"] = "true";
        builder.Services.AddChatBackend().AddGuests();
        await using var app = builder.Build();
        app.MapChatBackend();
        await app.StartAsync();
        var log = app.Services.GetRequiredService<IEventLog>();
        var @long = await new StoreFilling(log, user, threads: 1, LongEvents).RunAsync();
        var @short = new List<ThreadId>();
        for (var i = 0; i < Turns; i++)
        {
            @short.Add(await new StoreFilling(log, user, threads: 1, ShortEvents).RunAsync());
        }

        await app.StopAsync();
        return (@long, @short);
    }
}
