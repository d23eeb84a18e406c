using System.Diagnostics;
using System.Net.Http.Headers;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Searches made to cost as much as they can, and what a well-behaved client notices of them.</summary>
internal static class HostileSearch
{
    private const int Hostile = 40;
    private const int Honest = 10;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Results results)
    {
        var question = Question.Of(deltas: 1);
        var table = new Table("Hostile searches", $"First event of a client that asks 20 times a second: alone, and while one guest searches {Hostile} times at once for 32 times one word in a text of that word, and another {Honest} times at once in a long one.");
        using var loop = new LoadLoop();
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, cores: null);
        var good = await Crowd.ConnectAsync(loop, server, 4);
        var (word, lines) = (await WriteTextAsync(loop, server, "a ", 1000), await WriteTextAsync(loop, server, "warning ", 8000));
        loop.RunFor(Settle);

        var quiet = new TurnLoad(good, question).Paced(20, Settle, Time / 3).FirstEventMs(0.5);
        using var stop = new CancellationTokenSource();
        var searches = Searches(server, word, string.Join(' ', Enumerable.Repeat("a", 32)), Hostile, stop.Token)
            .Concat(Searches(server, lines, "warning", Honest, stop.Token)).ToList();
        var during = new TurnLoad(good, question).Paced(20, Settle, Time).FirstEventMs(0.5);
        await stop.CancelAsync();
        await Task.WhenAll(searches);
        loop.RunFor(TimeSpan.FromSeconds(2));
        var (cpu, began) = (ProcessClock.Cpu(server.Pid), Stopwatch.GetTimestamp());
        loop.RunFor(TimeSpan.FromSeconds(1));
        var busy = (ProcessClock.Cpu(server.Pid) - cpu) / Stopwatch.GetElapsedTime(began);

        using var again = new CancellationTokenSource();
        var last = Searches(server, word, string.Join(' ', Enumerable.Repeat("a", 32)), Hostile, again.Token).ToList();
        loop.RunFor(Settle);
        var told = Stopwatch.GetTimestamp();
        await server.DisposeAsync();
        var ended = Stopwatch.GetElapsedTime(told).TotalSeconds;
        await again.CancelAsync();
        await Task.WhenAll(last);

        table.Add("quiet", "first event p50 ms", quiet);
        table.Add("attacked", "first event p50 ms", during);
        results.Add(table);
        results.Add(new Figure("first event beside hostile searches over a quiet one, median", [during / quiet], "×", 3, 1.5));
        results.Add(new Figure("processors used 2 s after the last search", [busy], "", 0.1, 0.02));
        results.Add(new Figure("SIGTERM until the end, beside hostile searches", [ended], "s", 10, 5));
    }

    /// <returns>The token of a guest who said a word so often.</returns>
    private static async Task<string> WriteTextAsync(LoadLoop loop, ServerUnderLoad server, string word, int times)
    {
        var token = await server.TokenAsync() ?? throw new InvalidOperationException("The server gave no token.");
        var crowd = await Crowd.ConnectAsync(loop, server, 1, token);
        var text = string.Concat(Enumerable.Repeat(word, times));
        var content = System.Text.Json.JsonSerializer.Serialize(new { steps = new[] { new { say = text, chunks = 1 } } });
        crowd.Clients[0].Chat(content, text);
        crowd.Until(() => !crowd.Clients[0].IsInTurn || crowd.Clients[0].Failure is not null, "a text");
        crowd.ThrowIfFailed();
        return token;
    }

    private static IEnumerable<Task> Searches(ServerUnderLoad server, string token, string query, int atOnce, CancellationToken stop) =>
        Enumerable.Range(0, atOnce).Select(_ => Task.Run(() => SearchAsync(server.Http, token, query, stop), CancellationToken.None));

    private static async Task SearchAsync(Uri server, string token, string query, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = server };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                using var answer = await http.GetAsync(new Uri($"/api/threads?query={Uri.EscapeDataString(query)}", UriKind.Relative), stop);
            }
        }
        catch (Exception ex) when (ex is OperationCanceledException or HttpRequestException)
        {
            // The attack is over, or the server.
        }
    }
}
