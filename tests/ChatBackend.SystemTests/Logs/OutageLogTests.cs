using System.Net.Http.Headers;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;

namespace ChatBackend.SystemTests.Logs;

/// <summary>An outage of the store is told of once, however many commands meet it: the log of the server may lie on the same disk.</summary>
[SupportedOSPlatform("linux")]
public sealed class OutageLogTests
{
    private const int Users = 8;
    private const int Refusals = 3000;
    private const int MostLines = 10;

    private int _acked;
    private int _refused;

    [Fact]
    [Trait("failure", "Q25")]
    public async Task A_data_directory_that_is_away_costs_no_line_for_each_command()
    {
        using var data = new TestDirectory();
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        using var enough = new CancellationTokenSource();
        var talking = Enumerable.Range(0, Users).Select(_ => TalkAsync(server, new string('x', 100), enough.Token)).ToList();
        await UntilAsync(() => _acked, 5 * Users, talking);

        Directory.Move(data.Path, data.Path + "-away");
        try
        {
            await UntilAsync(() => _refused, Refusals, talking);
        }
        finally
        {
            Directory.Move(data.Path + "-away", data.Path);
        }

        await server.LineAsync(line => line.Contains("can be used for writing again", StringComparison.Ordinal));
        await UntilAsync(() => _acked, _acked + (5 * Users), talking);
        await enough.CancelAsync();
        await Task.WhenAll(talking);

        RequireFewLines(server);
    }

    [Fact]
    [Trait("failure", "Q25")]
    public async Task A_full_disk_that_takes_some_and_refuses_others_costs_no_line_for_each_command()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true", ["Storage:MaxDatabaseMiB"] = "4" },
        });
        using var enough = new CancellationTokenSource();
        var talking = Enumerable.Range(0, Users).Select(_ => TalkAsync(server, Incompressible(), enough.Token)).ToList();

        await UntilAsync(() => _refused, Refusals, talking);
        await enough.CancelAsync();
        await Task.WhenAll(talking);

        RequireFewLines(server);
    }

    /// <summary>Takes about as much room in the log as it has characters.</summary>
    private static string Incompressible() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(37_500));

    private static void RequireFewLines(ServerProcess server)
    {
        foreach (var line in server.Complaints)
        {
            TestContext.Current.TestOutputHelper!.WriteLine(line);
        }

        server.Complaints.Should().HaveCountLessThanOrEqualTo(MostLines).And.Contain(line => line.Contains("cannot be used for writing", StringComparison.Ordinal));
        server.Log.Should().NotContain("\n   at ");
    }

    /// <summary>Sends long and short messages in turn, each in a thread of its own, and reads its list of threads after each.</summary>
    private async Task TalkAsync(ServerProcess server, string text, CancellationToken enough)
    {
        var guest = await server.GuestAsync();
        using var http = Trusting.Client(server.Http);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest.Token);
        using var socket = await server.OpenAsync(guest);
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var id = Guid.NewGuid().ToString("n");
            var content = Scenario.Of(Scenario.Say(i % 2 == 0 ? text : "short", chunks: 10, everyMs: 5), Scenario.Tool("look", ms: 5));
            await socket.SendAsync(JsonSerializer.Serialize(new { type = "chat", id, agent = Scenario.Agent, content }));
            string? frame;
            do
            {
                frame = await socket.NextAsync() ?? throw new InvalidOperationException($"The server closed: {socket.CloseStatusDescription}");
            }
            while (!frame.Contains($"\"id\":\"{id}\"", StringComparison.Ordinal));

            _ = frame.Contains("\"type\":\"error\"", StringComparison.Ordinal) ? Interlocked.Increment(ref _refused) : Interlocked.Increment(ref _acked);
            using var list = await http.GetAsync(new Uri("/api/threads", UriKind.Relative), CancellationToken.None).Soon();
        }

        socket.Abort();
    }

    private static async Task UntilAsync(Func<int> count, int wanted, IReadOnlyList<Task> talking)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (count() < wanted)
        {
            if (talking.FirstOrDefault(task => task.IsFaulted) is { } broken)
            {
                await broken;
            }

            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
