using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>The index of a large log made again while clients chat.</summary>
internal static class Reindexing
{
    private const int Messages = 100_000;
    private const int OfAThread = 100;
    private const int Clients = 20;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(Results results)
    {
        var directory = Directory.CreateTempSubdirectory("chat-benchmark-");
        try
        {
            await FillAsync(directory.FullName);
            var table = new Table("Re-indexing", $"The index of {Messages:N0} messages made again while {Clients} clients ask 100 times a second.");
            await ChatAsync(table, directory.FullName);
            results.Add(table);
            results.Add(new Figure("first event during re-indexing over the one before it, median",
                [Statistics.Median(table.Values("during", "first event p50 ms")) / Statistics.Median(table.Values("before", "first event p50 ms"))], "×", 3, 1.5));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task ChatAsync(Table table, string directory)
    {
        var question = Question.Of(deltas: 1);
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, directory: directory, cores: null);
        using var loop = new LoadLoop();
        var crowd = await Crowd.ConnectAsync(loop, server, Clients);
        for (var i = 0; i < Rounds.Count; i++)
        {
            Add("before");
        }

        // Taken away under the server, so that both are measured in one process that has warmed up.
        foreach (var file in Directory.EnumerateFiles(directory, "search.db*"))
        {
            File.Delete(file);
        }

        var began = Stopwatch.GetTimestamp();
        do
        {
            Add("during");
        }
        while (!IsComplete(directory));

        table.Add("during", "index complete after s", Stopwatch.GetElapsedTime(began).TotalSeconds);

        void Add(string name)
        {
            var window = new TurnLoad(crowd, question).Paced(100, Settle, Time);
            table.Add(name, "first event p50 ms", window.FirstEventMs(0.5));
            table.Add(name, "first event p99 ms", window.FirstEventMs(0.99));
        }
    }

    private static bool IsComplete(string directory) =>
        File.ReadAllText(Path.Combine(directory, "server.log")).Contains("search index is complete", StringComparison.Ordinal);

    private static async Task FillAsync(string directory)
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
        var (log, random) = (app.Services.GetRequiredService<IEventLog>(), new Random(1));
        for (var i = 0; i < Messages / OfAThread; i++)
        {
            var (thread, at) = (ThreadId.New(), DateTimeOffset.UnixEpoch.AddSeconds(i));
            var events = Enumerable.Range(1, OfAThread).Select(seq =>
            {
                // A message, then an answer, as long as people's and models' are.
                var words = seq % 2 == 1 ? random.Next(5, 60) : random.Next(50, 400);
                var said = string.Join(' ', Enumerable.Range(0, words).Select(_ => $"word{(int)Math.Pow(20_000, random.NextDouble())}"));
                var message = new UserMessage { ThreadId = thread, Seq = seq, At = at, MessageId = MessageId.New(), Content = said, ClientId = ClientFrameId.New() };
                return new LogEvent(seq, WireJson.Encode(message), message.MessageId.Value);
            }).ToList();
            await log.AppendAsync(
                new LogAppend { Thread = thread, Epoch = 1, Head = 0, Events = events, NewOwner = new UserId($"usr_{i % 50}"), OpenFrom = null, At = at }, CancellationToken.None);
        }

        await app.Services.GetRequiredService<SearchIndexer>().CatchUpAsync(CancellationToken.None);
        await app.StopAsync();
    }
}
