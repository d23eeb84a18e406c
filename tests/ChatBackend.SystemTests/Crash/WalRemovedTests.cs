using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Runtime.Versioning;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Crash;

/// <summary><c>rm chat.db-wal</c> under load, then <c>kill -9</c>: everything acknowledged is there.</summary>
[SupportedOSPlatform("linux")]
public sealed class WalRemovedTests
{
    private const int Users = 4;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_WAL_that_is_removed_under_load_takes_nothing_acknowledged_with_it()
    {
        using var data = new TestDirectory();
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var acked = new ConcurrentBag<(GuestSession Guest, Ack Ack)>();
        using var enough = new CancellationTokenSource();
        var talking = Enumerable.Range(0, Users).Select(_ => TalkAsync(server, acked, enough.Token)).ToList();
        await UntilAsync(acked, 100);

        File.Delete(Path.Combine(data.Path, "chat.db-wal"));
        var before = acked.Count;
        await server.LineAsync(line => line.Contains("a new one is in use", StringComparison.Ordinal));
        await UntilAsync(acked, acked.Count + 100);

        await server.KillAsync();
        await enough.CancelAsync();
        await Task.WhenAll(talking);
        Output.WriteLine($"{before} acknowledged before, {acked.Count - before} after it");
        await using var again = await ServerProcess.StartAsync(server.Successor);
        foreach (var user in acked.GroupBy(sent => sent.Guest))
        {
            using var http = Trusting.Client(again.Http);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", user.Key.Token);
            foreach (var (_, ack) in user)
            {
                var events = await http.GetStringAsync(new Uri($"/api/threads/{ack.ThreadId}/events?limit=100", UriKind.Relative)).Soon();
                events.Should().Contain(ack.MessageId!.Value.Value);
            }
        }
    }

    private static async Task UntilAsync(ConcurrentBag<(GuestSession, Ack)> acked, int count)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (acked.Count < count)
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    private static async Task TalkAsync(ServerProcess server, ConcurrentBag<(GuestSession, Ack)> acked, CancellationToken enough)
    {
        var guest = await server.GuestAsync();
        await using var connection = await server.ConnectAsync(guest);
        try
        {
            while (!enough.IsCancellationRequested)
            {
                acked.Add((guest, await connection.ChatAsync(Scenario.Of(Scenario.Say("yes")), agent: Scenario.Agent, cancellationToken: enough).Soon()));
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
        }
        finally
        {
            connection.Abort();
        }
    }
}
