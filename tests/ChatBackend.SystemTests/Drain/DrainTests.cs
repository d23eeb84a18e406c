using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Drain;

public sealed class DrainTests(ITestOutputHelper output)
{
    private const int Idle = 1000;
    private const int Busy = 50;
    private static readonly TimeSpan ExitsWithin = TimeSpan.FromSeconds(10);

    [Fact]
    [Trait("failure", "B26")]
    [Trait("failure", "B24")]
    [Trait("failure", "D14")]
    public async Task SIGTERM_tells_all_clients_closes_with_1001_exits_0_in_time_and_leaves_no_run_without_an_end()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var settings = new ServerSettings
            {
                DataDirectory = data.FullName,
                Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true" },
            };
            var server = await ServerProcess.StartAsync(settings);
            var guest = await server.GuestAsync();
            var told = new ConcurrentDictionary<int, int>();
            var ends = new ConcurrentDictionary<int, ConnectionEnd>();
            var allEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var all = new List<ChatConnection>();
            foreach (var chunk in Enumerable.Range(0, Idle + Busy).Chunk(50))
            {
                all.AddRange(await Task.WhenAll(chunk.Select(i => ChatConnection.ConnectAsync(new ChatConnectionOptions
                {
                    Uri = server.WebSocket,
                    Token = _ => ValueTask.FromResult(guest.Token),
                    OnFrame = frame => _ = frame is ServerDraining && told.TryAdd(i, 1),
                    OnDisconnected = end =>
                    {
                        if (ends.TryAdd(i, end) && ends.Count == Idle + Busy)
                        {
                            allEnded.TrySetResult();
                        }
                    },
                }))));
            }

            // Half of the busy ones end in time, the others would run for an hour.
            var acks = await Task.WhenAll(all.TakeLast(Busy).Select((client, i) => client.ChatAsync(
                i % 2 == 0 ? """{"steps":[{"say":"short","chunks":5,"every_ms":100}]}""" : """{"steps":[{"say":"long"},{"tool":"hang","ms":3600000}]}""",
                agent: "script"))).Soon();

            var clock = Stopwatch.StartNew();
            using var http = Trusting.Client(server.Http);
            (await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.OK);
            var exit = server.TerminateAsync();
            await RefusesNewcomersAsync(server, http, guest);
            (await exit).Should().Be(0);
            clock.Stop();

            await allEnded.Task.Soon();

            output.WriteLine($"exit after {clock.ElapsedMilliseconds} ms");
            clock.Elapsed.Should().BeLessThan(ExitsWithin);
            told.Should().HaveCount(Idle + Busy);
            ends.Values.Select(end => end.CloseCode).Should().HaveCount(Idle + Busy).And.OnlyContain(code => code == CloseCodes.GoingAway);
            all.ForEach(client => client.Abort());
            await server.DisposeAsync();

            await using var next = await ServerProcess.StartAsync(settings);
            await using var reader = await next.ConnectAsync(guest);
            foreach (var ack in acks)
            {
                var follower = await reader.FollowAsync(ack.ThreadId!.Value).Soon();
                await follower.WaitForRunEndAsync(ack.RunId!.Value).Soon();
                var events = await reader.EventsAsync(ack.ThreadId!.Value);
                events.Should().ContainSingle(threadEvent => threadEvent is AgentStarted);
                events.Should().ContainSingle(threadEvent => threadEvent is AgentCompleted || threadEvent is AgentStopped || threadEvent is AgentFailed);
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task RefusesNewcomersAsync(ServerProcess server, HttpClient http, GuestSession guest)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        HttpStatusCode ready;
        do
        {
            using var response = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            ready = response.StatusCode;
            await timer.WaitForNextTickAsync();
        }
        while (ready != HttpStatusCode.ServiceUnavailable);

        (await http.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.OK);
        var late = () => server.ConnectAsync(guest);
        var refused = (await late.Should().ThrowAsync<ChatConnectException>()).Which;
        refused.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.RetryAfter.Should().NotBeNull();
    }
}
