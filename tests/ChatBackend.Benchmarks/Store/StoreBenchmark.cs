using System.Diagnostics;
using System.Net.Http.Headers;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Benchmarks.Store;

/// <summary>
/// List, search and history of a store that is full, all of it one user's: the median of a page over HTTP, on the loopback, so more than the
/// server's own time; of the store's part of it; and of the same query where its index may not be used.
/// </summary>
internal static class StoreBenchmark
{
    private const int Rounds = 101;
    private const int SlowRounds = 5;
    private const double BoundMs = 50;

    /// <returns>Whether every page is under the bound.</returns>
    public static async Task<bool> RunAsync(int threads, int events)
    {
        var directory = Directory.CreateTempSubdirectory("chat-benchmark-");
        try
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["DataDirectory"] = directory.FullName, ["urls"] = "http://127.0.0.1:0", ["Agents:Script:Enabled"] = "true" });
            builder.Services.AddChatBackend().AddGuests();
            await using var app = builder.Build();
            app.MapChatBackend();
            await app.StartAsync();
            var isFast = await MeasureAsync(app, directory, threads, events);
            await app.StopAsync();
            return isFast;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<bool> MeasureAsync(WebApplication app, DirectoryInfo directory, int threads, int events)
    {
        var (log, store, user) = (app.Services.GetRequiredService<IEventLog>(), app.Services.GetRequiredService<IThreadStore>(), UserId.New());
        var began = Stopwatch.GetTimestamp();
        var thread = await new StoreFilling(log, user, threads, events).RunAsync();
        Console.WriteLine($"{threads:N0} threads, {events:N0} events, written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        began = Stopwatch.GetTimestamp();
        await app.Services.GetRequiredService<SearchIndexer>().CatchUpAsync(CancellationToken.None);
        Console.WriteLine($"The search index was complete {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s later");

        var file = Path.Combine(directory.FullName, "chat.db");
        using var http = Client(app, user);
        await using var bare = new SqliteConnection($"Data Source={file};Mode=ReadOnly");
        await bare.OpenAsync();
        Console.WriteLine($"{"page",-22}{"HTTP ms",10}{"store ms",10}{"no index ms",13}{"ratio",9}");
        var second = (await store.ListAsync(user, false, null, 50, CancellationToken.None)).Next;
        bool[] fast =
        [
            await RowAsync("list", http, "/api/threads", () => store.ListAsync(user, false, null, 50, CancellationToken.None), bare,
                "SELECT id, title, updated_at FROM threads NOT INDEXED WHERE owner = $user AND archived = 0 ORDER BY active_at DESC, key DESC LIMIT 51",
                ("$user", user.Value)),
            await RowAsync("list, next page", http, "/api/threads", () => store.ListAsync(user, false, second, 50, CancellationToken.None), bare,
                "SELECT id, title, updated_at FROM threads NOT INDEXED WHERE owner = $user AND archived = 0 ORDER BY active_at DESC, key DESC LIMIT 51 OFFSET 50",
                ("$user", user.Value)),
            await SearchAsync("search, rare words", http, store, bare, user, StoreFilling.Rare),
            await SearchAsync("search, common words", http, store, bare, user, StoreFilling.Common),
            await RowAsync("history", http, $"/api/threads/{thread}/events?limit=50", () => log.ReadAsync(thread, 0, 50, 1 << 20, CancellationToken.None), bare,
                "SELECT seq, json FROM events NOT INDEXED WHERE thread_key = (SELECT key FROM threads WHERE id = $thread) AND seq > 0 ORDER BY seq LIMIT 50",
                ("$thread", thread.Value)),
        ];
        return Array.TrueForAll(fast, isFast => isFast);
    }

    private static Task<bool> SearchAsync(string name, HttpClient http, IThreadStore store, SqliteConnection bare, UserId user, string words)
    {
        var like = words.Split(' ').Select(word => $"%{word}%").ToArray();
        return RowAsync(
            name, http, $"/api/threads?query={Uri.EscapeDataString(words)}", () => store.SearchAsync(user, words, null, null, 50, CancellationToken.None), bare,
            """
            SELECT threads.id, events.seq, events.json FROM events JOIN threads ON threads.key = events.thread_key
            WHERE CAST(events.json AS TEXT) LIKE $one AND CAST(events.json AS TEXT) LIKE $two AND threads.owner = $user ORDER BY events.rowid DESC LIMIT 51
            """,
            ("$one", like[0]), ("$two", like[1]), ("$user", user.Value));
    }

    private static async Task<bool> RowAsync(
        string name, HttpClient http, string path, Func<Task> store, SqliteConnection bare, string sql, params (string Name, string Value)[] parameters)
    {
        var overHttp = await MedianAsync(Rounds, async () => (await http.GetAsync(new Uri(path, UriKind.Relative))).EnsureSuccessStatusCode().Dispose());
        var inStore = await MedianAsync(Rounds, store);
        var bareMs = await MedianAsync(SlowRounds, async () =>
        {
            await using var command = bare.CreateCommand();
            command.CommandText = sql;
            foreach (var (parameter, value) in parameters)
            {
                command.Parameters.AddWithValue(parameter, value);
            }

            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
            }
        });
        Console.WriteLine($"{name,-22}{overHttp,10:0.00}{inStore,10:0.00}{bareMs,13:0.00}{bareMs / inStore,8:0.0}x");
        return overHttp < BoundMs;
    }

    private static async Task<double> MedianAsync(int rounds, Func<Task> action)
    {
        await action();
        var times = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await action();
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[rounds / 2];
    }

    private static HttpClient Client(WebApplication app, UserId user)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", app.Services.GetRequiredService<SessionTokens>().Issue(user).Token);
        return http;
    }
}
