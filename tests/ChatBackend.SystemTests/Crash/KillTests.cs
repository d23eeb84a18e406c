using System.Collections.Concurrent;
using System.Globalization;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Crash;

/// <summary>kill -9 at a random moment of a busy server. CHAT_KILLS sets how often; the seed of each round is printed.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Threads = 6;

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("CHAT_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    [Trait("failure", "D14")]
    [Trait("failure", "D15")]
    [Trait("failure", "D18")]
    [Trait("failure", "P4")]
    public async Task Whatever_was_acknowledged_is_there_after_a_kill_and_every_run_has_one_end()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var server = await ServerProcess.StartAsync(Settings(data, "http://127.0.0.1:0"));
            var guest = await server.GuestAsync();
            var acked = new ConcurrentDictionary<ClientFrameId, Ack>();
            for (var round = 0; round < Kills; round++)
            {
                var random = new Random(round);
                await using var client = await server.ConnectAsync(guest);
                using var killed = new CancellationTokenSource();
                var sending = Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => SendAsync(client, random.Next(), acked, killed.Token)));
                // Any moment of the busy time; the seed decides which.
                await Task.Delay(TimeSpan.FromMilliseconds(300 + random.Next(1500)), TimeProvider.System);
                await server.KillAsync();
                var url = server.Http.ToString();
                await server.DisposeAsync();
                await killed.CancelAsync();
                server = await ServerProcess.StartAsync(Settings(data, url));
                await sending.Soon();
                var counts = await VerifyAsync(server, guest, acked);
                output.WriteLine($"round {round}: {counts}");
            }

            await server.DisposeAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    [Trait("failure", "D19")]
    [Trait("failure", "P1")]
    public async Task What_a_run_had_said_before_the_kill_is_kept_up_to_the_last_second()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var server = await ServerProcess.StartAsync(Settings(data, "http://127.0.0.1:0"));
            var guest = await server.GuestAsync();
            var frames = new Recorded();
            await using var client = await server.ConnectAsync(guest, frames.Add);
            var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"{i} "));
            var ack = await client.ChatAsync($$"""{"steps":[{"say":"{{text}}","chunks":400,"every_ms":20}]}""", agent: "script").Soon();
            while (frames.All.OfType<AgentDelta>().Sum(delta => delta.Text.Length) < text.Length / 2)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }

            await server.KillAsync();
            var url = server.Http.ToString();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(Settings(data, url));

            var end = await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();

            var failed = end.Should().BeOfType<AgentFailed>().Which;
            failed.Code.Should().Be(RunFailure.Interrupted);
            failed.Content.Should().NotBeNullOrEmpty();
            text.Should().StartWith(failed.Content);
            failed.PartId.Should().Be(frames.All.OfType<AgentDelta>().First().PartId);
            await server.DisposeAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static ServerSettings Settings(DirectoryInfo data, string url) => new()
    {
        Urls = url,
        DataDirectory = data.FullName,
        Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true" },
    };

    /// <summary>Sends one message after the other to a thread of its own; what is unanswered when the server dies is retried by the client.</summary>
    private static async Task SendAsync(ChatConnection client, int seed, ConcurrentDictionary<ClientFrameId, Ack> acked, CancellationToken killed)
    {
        var random = new Random(seed);
        ThreadId? thread = null;
        while (!killed.IsCancellationRequested)
        {
            var id = ClientFrameId.New();
            var script = $$"""{"steps":[{"say":"{{id}}","chunks":{{random.Next(1, 20)}},"every_ms":2},{"tool":"t","ms":{{random.Next(30)}}},{"say":"bye"}]}""";
            try
            {
                var ack = await client.ChatAsync(script, thread, "script", id: id, cancellationToken: CancellationToken.None).Soon();
                acked[id] = ack;
                thread = ack.ThreadId;
            }
            catch (ChatErrorException full) when (full.Code is ErrorCode.QuotaExceeded or ErrorCode.Unavailable)
            {
                thread = null;
            }
        }
    }

    private static async Task<string> VerifyAsync(ServerProcess server, GuestSession guest, ConcurrentDictionary<ClientFrameId, Ack> acked)
    {
        await using var reader = await server.ConnectAsync(guest);
        // Runs that the kill left open are ended at once, whoever looks; those of waiting messages run and end.
        using var deadline = new CancellationTokenSource(Clients.Patience);
        var threads = acked.Values.Select(ack => ack.ThreadId!.Value).Distinct().ToList();
        var (runs, events) = (0, 0);
        foreach (var thread in threads)
        {
            var follower = await reader.FollowAsync(thread).Soon();
            var mine = acked.Where(entry => entry.Value.ThreadId == thread).ToList();
            await follower.WaitForAnswerAsync(mine.MaxBy(entry => entry.Value.Seq).Value.MessageId!.Value, deadline.Token);
            var all = await reader.EventsAsync(thread);

            all.Select(happened => happened.Seq).Should().Equal(Enumerable.Range(1, all.Count).Select(seq => (long)seq));
            all.OfType<UserMessage>().Select(message => message.ClientId).Should().OnlyHaveUniqueItems().And.Contain(mine.Select(entry => entry.Key));
            foreach (var (id, ack) in mine)
            {
                all.OfType<UserMessage>().Single(message => message.ClientId == id).Should().Match<UserMessage>(
                    message => message.Seq == ack.Seq && message.MessageId == ack.MessageId);
            }

            foreach (var run in all.OfType<RunEvent>().GroupBy(happened => happened.RunId))
            {
                run.First().Should().BeOfType<AgentStarted>();
                run.Should().ContainSingle(happened => happened is AgentStarted);
                run.Should().ContainSingle(happened => happened is AgentCompleted || happened is AgentStopped || happened is AgentFailed);
                run.Last().Should().Match(happened => happened is AgentCompleted || happened is AgentStopped || happened is AgentFailed);
                run.OfType<ToolExecuting>().Select(tool => tool.CallId).Should().Equal(run.OfType<ToolCompleted>().Select(tool => tool.CallId));
                runs++;
            }

            events += all.Count;
        }

        return $"{acked.Count} acknowledged, {threads.Count} threads, {runs} runs, {events} events";
    }
}
