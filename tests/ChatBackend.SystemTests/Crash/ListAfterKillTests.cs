using System.Net.Http.Headers;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Crash;

/// <summary>The server dies by <c>kill -9</c> while threads run: a device that follows the list over it has in the end what REST says, and that is what the log says.</summary>
public sealed class ListAfterKillTests
{
    private const int Threads = 12;

    /// <remarks>CHAT_KILLS sets how often, CHAT_SEED repeats the dice of an earlier run.</remarks>
    [Fact]
    [Trait("failure", "L10")]
    public async Task After_a_kill_the_list_is_what_the_log_says()
    {
        var (kills, seed) = (Clients.Setting("CHAT_KILLS", 3), Clients.Setting("CHAT_SEED", Random.Shared.Next()));
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, CHAT_SEED={seed}");
        var random = new Random(seed);
        using var data = new TestDirectory();
        var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        try
        {
            var guest = await server.GuestAsync();
            await using var device = await server.ConnectAsync(guest);
            await using var list = await device.FollowThreadsAsync().Soon();
            for (var kill = 0; kill < kills; kill++)
            {
                await using var speaker = await server.ConnectAsync(guest);
                var sending = Enumerable.Range(0, Threads).Select(place => speaker.ChatAsync(Play(place), agent: Scenario.Agent)).ToList();
                await Task.WhenAny(sending).Soon();
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1500)), TimeProvider.System, CancellationToken.None); // the moment
                await server.KillAsync();
                speaker.Abort();
                var successor = server.Successor;
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(successor);
                await Task.WhenAny(Task.WhenAll(sending)); // some were not acknowledged

                await CompareAsync(server, guest, list);
            }

            list.Threads.Should().HaveCountGreaterThanOrEqualTo(kills, "some were acknowledged each time");
        }
        catch
        {
            TestContext.Current.TestOutputHelper!.WriteLine(server.Log);
            throw;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static string Play(int place) => (place % 3) switch
    {
        0 => """{"steps":[{"say":"soon"},{"tool":"look","approval":true,"result":1},{"say":"done"}]}""",
        1 => Scenario.Of(Scenario.Say(new string('x', 2_000), chunks: 200, everyMs: 10)),
        _ => """{"steps":[{"say":"one"},{"tool":"look","ms":50},{"say":"two"}]}""",
    };

    /// <summary>Until the device has what REST says, and nothing runs but what waits for approval; then the events say the same.</summary>
    private static async Task CompareAsync(ServerProcess server, GuestSession guest, ThreadList list)
    {
        using var http = Trusting.Client(server.Http);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest.Token);
        using var patience = new CancellationTokenSource(Clients.Patience);
        List<string> told, rows;
        JsonElement threads;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
            threads = (await GetAsync(http, "/api/threads?limit=200")).GetProperty("threads");
            rows = [.. threads.EnumerateArray().Select(Row).Order()];
            told = [.. list.Threads.Select(thread => $"{thread.ThreadId} {thread.Head} {thread.Running} {thread.NeedsApproval} {thread.Unread} {thread.Agent} {thread.Title}").Order()];
        }
        while (!told.SequenceEqual(rows) || threads.EnumerateArray().Any(row => row.GetProperty("running").GetBoolean() && !row.GetProperty("needs_approval").GetBoolean()));

        foreach (var row in threads.EnumerateArray())
        {
            var types = (await GetAsync(http, $"/api/threads/{row.GetProperty("thread_id").GetString()}/events?limit=1000")).GetProperty("events").EnumerateArray()
                .Select(threadEvent => threadEvent.GetProperty("type").GetString()!).ToList();
            var isOpen = types.Count(type => type == "agent_started") > types.Count(type => type is "agent_completed" or "agent_stopped" or "agent_failed");
            (row.GetProperty("head").GetInt32(), row.GetProperty("running").GetBoolean(), row.GetProperty("needs_approval").GetBoolean())
                .Should().Be((types.Count, isOpen, isOpen && types.Contains("approval_required")));
        }
    }

    private static string Row(JsonElement row) =>
        $"{row.GetProperty("thread_id").GetString()} {row.GetProperty("head").GetInt64()} {row.GetProperty("running").GetBoolean()} {row.GetProperty("needs_approval").GetBoolean()} "
        + $"{row.GetProperty("unread").GetBoolean()} {row.GetProperty("agent").GetString()} {(row.TryGetProperty("title", out var title) ? title.GetString() : null)}";

    private static async Task<JsonElement> GetAsync(HttpClient http, string path) => JsonDocument.Parse(await http.GetStringAsync(new Uri(path, UriKind.Relative)).Soon()).RootElement;
}
