using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>Tabs that read slowly, come and go, or do not read at all: each shows in the end what the log holds, and none delays another.</summary>
public sealed class SlowFollowerTests
{
    private const int Limit = 1024 * 1024;
    private const int SendBuffer = 8 * 1024;
    private const string Run = """
        {"steps":[{"think":"$","chunks":50,"every_ms":1},{"tool":"look","ms":1},{"say":"$","chunks":110,"every_ms":1},{"tool":"look"},{"say":"$","chunks":110,"every_ms":1}]}
        """;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Fact]
    [Trait("failure", "D35")]
    [Trait("failure", "P1")]
    [Trait("failure", "P8")]
    [Trait("failure", "P12")]
    public async Task A_steady_tab_a_slow_one_and_one_that_comes_and_goes_show_the_same_as_the_log()
    {
        const int runs = 20;
        var wasEnded = false;
        var seed = Random.Shared.Next();
        var dice = new Random(seed);
        Output.WriteLine($"seed {seed}");
        await using var server = new ChatServer(SendBuffer, ("Connections:SendTimeout", "00:01:00"));
        var guest = await server.GuestAsync();
        using var link = new SlowLink();
        link.Let(10_000);
        await using var flapping = await server.ConnectAsync(guest, options => options with { FirstBackoff = TimeSpan.FromMilliseconds(20) });
        await using var slow = await server.ConnectAsync(guest, options => options with { Invoker = link.Invoker, OnDisconnected = _ => wasEnded = true });
        var reconnects = 0;
        await using var steady = await server.ConnectAsync(guest, options => options with
        {
            OnFrame = frame =>
            {
                options.OnFrame!(frame);
                link.Let(25); // the slow one reads this much in the time in which this one reads a frame
                if (dice.Next(200) == 0)
                {
                    reconnects++;
                    flapping.Connection.Drop();
                }
            },
        });
        var hello = await steady.PlayAsync("""{"steps":[{"say":"hello"}]}""");
        await steady.EndOfAsync(hello);
        var thread = hello.ThreadId!.Value;
        TestClient[] tabs = [steady, slow, flapping];
        await Task.WhenAll(tabs.Select(tab => tab.Connection.FollowAsync(thread))).Soon();

        var text = string.Concat(Enumerable.Range(0, 120).Select(i => $"{i} ünd 🌊 wörds "));
        for (var run = 1; run < runs; run++)
        {
            await AnswerAsync(steady, thread, Run.Replace("$", $"{run} {text}", StringComparison.Ordinal));
        }

        var last = await AnswerAsync(steady, thread, """{"steps":[{"say":"the end"}]}""");
        link.Open();
        foreach (var tab in tabs)
        {
            await tab.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();
        }

        var log = new ThreadTranscript();
        foreach (var stored in await server.Services.GetRequiredService<IEventLog>().ReadAsync(thread, 0, int.MaxValue, int.MaxValue, TestContext.Current.CancellationToken))
        {
            log.Apply(WireJson.DecodeServerFrame(stored.Json.Span));
        }

        var peak = await server.GaugeAsync("chat_outbox_peak_bytes");
        var (steadyDeltas, slowDeltas) = (Deltas(steady, thread), Deltas(slow, thread));
        Output.WriteLine(
            $"deltas: {steadyDeltas.Count} steady, {slowDeltas.Count} slow; {await server.GaugeAsync("chat_deltas_coalesced_total")} gathered; "
            + $"peak of an outbox {peak} bytes; {reconnects} reconnects");
        tabs.Select(tab => Shown(tab.Connection.FollowerOf(thread).Transcript)).Should().AllBe(Shown(log));
        Shown(log).Length.Should().BeGreaterThan(runs * text.Length);
        steadyDeltas.Should().HaveCountGreaterThan(4000);
        slowDeltas.Count.Should().BeLessThan(steadyDeltas.Count / 2);
        peak.Should().BeInRange(1, Limit);
        reconnects.Should().BePositive();
        wasEnded.Should().BeFalse();
        Said(slowDeltas).Should().HaveCount((3 * (runs - 1)) + 1).And.Equal(Said([.. steadyDeltas.Where(delta => delta.RunId != hello.RunId)]));
        await server.UntilGaugeAsync("chat_outbox_usage_bytes", 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("failure", "B30")]
    [Trait("failure", "D35")]
    [Trait("failure", "P12")]
    public async Task A_tab_that_stops_reading_is_ended_with_too_slow_and_loses_nothing(bool hearsIt)
    {
        await using var server = new ChatServer(
            SendBuffer, ("Connections:MaxOutboxBytes", "262144"), ("Connections:CloseTimeout", hearsIt ? "00:00:50" : "00:00:00.2"));
        var guest = await server.GuestAsync();
        await using var other = await server.ConnectAsync(guest);
        var thread = (await other.PlayAsync("""{"steps":[{"say":"hello"}]}""")).ThreadId!.Value;
        using var link = new SlowLink();
        link.Open();
        var ended = new TaskCompletionSource<ConnectionEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var deaf = await server.ConnectAsync(guest, options => options with { Invoker = link.Invoker, OnDisconnected = end => ended.TrySetResult(end) });
        await deaf.Connection.FollowAsync(thread).Soon();

        link.Shut();
        var said = $$"""{"say":"{{new string('x', 20_000)}}","chunks":100}""";
        var play = $$"""{"steps":[{{said}},{"tool":"look"},{{said}},{"tool":"look"},{{said}}]}""";
        RunEvent last = null!;
        for (var run = 0; run < 10; run++)
        {
            last = await AnswerAsync(other, thread, play);
        }

        await other.Connection.PingAsync().Soon();
        if (!hearsIt)
        {
            await server.UntilGaugeAsync("chat_connections", 1);
        }

        link.Open();
        var end = await ended.Task.Soon();
        await deaf.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();

        end.CloseCode.Should().Be(hearsIt ? CloseCodes.TooSlow : null);
        (await server.GaugeAsync("chat_connections_closed_total{reason=\"outbox_full\"}")).Should().BePositive();
        (await server.GaugeAsync("chat_outbox_peak_bytes")).Should().BeInRange(1, 262144);
        Shown(deaf.Connection.FollowerOf(thread).Transcript).Should().Be(Shown(other.Connection.FollowerOf(thread).Transcript));
    }

    private static async Task<RunEvent> AnswerAsync(TestClient client, ThreadId thread, string play)
    {
        var ack = await client.PlayAsync(play, thread);
        return await client.Connection.FollowerOf(thread).WaitForAnswerAsync(ack.MessageId!.Value).Soon();
    }

    private static List<PartDelta> Deltas(TestClient client, ThreadId thread) => [.. client.Frames.All().OfType<PartDelta>().Where(delta => delta.ThreadId == thread)];

    /// <summary>Each part as its deltas bring it, of which each begins where the one before it ended.</summary>
    private static List<(PartId, string)> Said(List<PartDelta> deltas) =>
    [
        .. deltas.GroupBy(delta => delta.PartId).Select(part => (part.Key, part.Aggregate("", (text, delta) =>
        {
            delta.Offset.Should().Be(text.Length);
            return text + delta.Text;
        }))),
    ];

    private static string Shown(ThreadTranscript transcript) => string.Join('\n', transcript.Entries.Select(entry => entry is RunEntry run
        ? $"{run.RunId} {run.State} {run.Answers} {run.MessageId} {string.Join(' ', run.Items.Select(item => JsonSerializer.Serialize<object>(item)))}"
        : JsonSerializer.Serialize<object>(entry)));
}
