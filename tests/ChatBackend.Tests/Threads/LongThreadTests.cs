using System.Diagnostics;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread far longer than what is in memory.</summary>
public sealed class LongThreadTests
{
    private const int Exchanges = 33_334;
    private const int Append = 999;

    [Fact]
    [Trait("failure", "P11")]
    [Trait("failure", "D35")]
    [Trait("failure", "D33")]
    public async Task A_hundred_thousand_events_are_followed_from_the_first_while_a_run_speaks_and_nobody_else_waits()
    {
        await using var server = new ChatServer();
        await using var talking = await server.ConnectAsync();
        await using var pinging = await server.ConnectAsync();
        var (thread, length) = await WriteAsync(server, talking.Guest.UserId);
        length.Should().BeGreaterThan(100_000);
        var run = await talking.PlayAsync($$"""{"steps":[{"say":"{{new string('x', 60_000)}}","chunks":60000,"every_ms":1}]}""", thread);
        await talking.Frames.UntilAsync<AgentDelta>();

        var (seq, position, liveDeltas, isCaughtUp) = (0L, 0, 0, false);
        var wrong = new List<string>();
        var live = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var following = await server.ConnectAsync(talking.Guest, options => options with
        {
            FollowerBufferBytes = 0,
            OnDisconnected = end => wrong.Add($"ended: {end}"),
            OnFrame = frame =>
            {
                switch (frame)
                {
                    case ThreadEvent threadEvent when threadEvent.Seq == seq + 1:
                        seq++;
                        break;
                    case AgentDelta delta when delta.Offset == position && seq == length + 2:
                        position += delta.Text.Length;
                        liveDeltas += isCaughtUp ? 1 : 0;
                        break;
                    case CaughtUp caughtUp when caughtUp.Seq == seq:
                        isCaughtUp = true;
                        break;
                    case ThreadEvent or AgentDelta or CaughtUp:
                        wrong.Add($"{frame} after event {seq}, text {position}");
                        break;
                }

                if (frame is AgentStopped)
                {
                    over.TrySetResult();
                }

                if (liveDeltas == 50)
                {
                    live.TrySetResult();
                }
            },
        });
        var pings = PingAsync(pinging, live.Task);
        var clock = Stopwatch.StartNew();
        await following.Connection.FollowAsync(thread).Soon();
        var caughtUpAfter = clock.Elapsed;
        await live.Task.Soon();
        await talking.Connection.StopAsync(thread).Soon();
        var stopped = await talking.EndOfAsync(run);
        await over.Task.Soon();

        var times = await pings;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{length} events in {caughtUpAfter.TotalSeconds:0.00} s; {times.Count} pings meanwhile, median {times[times.Count / 2].TotalMilliseconds:0.00} ms, "
            + $"slowest {times[^1].TotalMilliseconds:0.0} ms; peak of an outbox {await server.GaugeAsync("chat_outbox_peak_bytes")} bytes");
        wrong.Should().BeEmpty();
        seq.Should().Be(stopped.Seq).And.Be(length + 3);
        ((AgentStopped)stopped).Content.Should().HaveLength(position);
        (await server.GaugeAsync("chat_outbox_peak_bytes")).Should().BeLessThanOrEqualTo(1024 * 1024);
        (await server.GaugeAsync("chat_connections")).Should().Be(3);
    }

    /// <summary>One after the other until it is over; sorted.</summary>
    private static async Task<List<TimeSpan>> PingAsync(TestClient client, Task over)
    {
        var times = new List<TimeSpan>();
        while (!over.IsCompleted)
        {
            var asked = Stopwatch.GetTimestamp();
            await client.Connection.PingAsync().Soon();
            times.Add(Stopwatch.GetElapsedTime(asked));
        }

        times.Sort();
        return times;
    }

    /// <summary>A thread that is as if somebody had talked in it for years.</summary>
    private static async Task<(ThreadId Thread, long Length)> WriteAsync(ChatServer server, UserId owner)
    {
        var writer = LogWriter.OfNewThread(server.Services.GetRequiredService<IEventLog>(), owner);
        var events = new List<LogEvent>();
        var appends = new List<Task<AppendResult>>();
        var seq = 0L;
        for (var exchange = 0; exchange < Exchanges; exchange++)
        {
            var (message, run) = (MessageId.New(), RunId.New());
            Add(new UserMessage { MessageId = message, Content = $"question {exchange}", ClientId = ClientFrameId.New() });
            Add(new AgentStarted { RunId = run, Agent = "script", MessageId = message });
            Add(new AgentCompleted { RunId = run, MessageId = MessageId.New(), Content = "", DurationMs = 1 });
            if (events.Count >= Append || exchange == Exchanges - 1)
            {
                appends.Add(writer.AppendAsync(writer.Next() with { Events = [.. events] }));
                events.Clear();
            }
        }

        (await Task.WhenAll(appends).Soon()).Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
        return (writer.Thread, seq);

        void Add(ThreadEvent threadEvent)
        {
            threadEvent = threadEvent with { ThreadId = writer.Thread, Seq = ++seq, At = LogWriter.At };
            events.Add(new LogEvent(seq, WireJson.Encode((ServerFrame)threadEvent), null));
        }
    }
}
