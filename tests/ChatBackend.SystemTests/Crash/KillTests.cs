using System.Collections.Concurrent;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Crash;

/// <summary>The server dies by <c>kill -9</c> and starts again on its data: nothing it acknowledged is lost, nothing it began stays open.</summary>
public sealed class KillTests
{
    private const int Users = 3;
    private const int LastEvents = 20;
    private static readonly TimeSpan RecoveryBound = TimeSpan.FromSeconds(5);

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    /// <remarks>CHAT_KILLS sets how often, CHAT_SEED repeats the dice of an earlier run.</remarks>
    [Fact]
    [Trait("failure", "D14")]
    [Trait("failure", "D15")]
    [Trait("failure", "D16")]
    [Trait("failure", "D18")]
    [Trait("failure", "P1")]
    [Trait("failure", "P3")]
    [Trait("failure", "P4")]
    [Trait("failure", "P10")]
    public async Task What_was_acknowledged_before_a_kill_is_there_after_it_and_every_run_ends_once()
    {
        var kills = Clients.Setting("CHAT_KILLS", 5);
        var seed = Clients.Setting("CHAT_SEED", Random.Shared.Next());
        Output.WriteLine($"{kills} kills, CHAT_SEED={seed}");
        var random = new Random(seed);

        using var data = new TestDirectory();
        var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var broken = new ConcurrentQueue<string>();
        var sends = new SendLedger(broken.Enqueue);
        var users = new List<BusyUser>();
        try
        {
            for (var i = 0; i < Users; i++)
            {
                users.Add(await BusyUser.ConnectAsync(server, sends, random.Next()));
            }

            for (var kill = 1; kill <= kills; kill++)
            {
                using var enough = new CancellationTokenSource();
                var talking = users.Select(user => user.TalkAsync(enough.Token)).ToList();
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 3000)), TimeProvider.System, CancellationToken.None); // the moment

                await server.KillAsync();
                var killedAt = TimeProvider.System.GetUtcNow();
                await enough.CancelAsync();
                var successor = server.Successor;
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(successor);
                var readyAt = TimeProvider.System.GetUtcNow();
                await Task.WhenAll(talking);

                var recovered = new List<TimeSpan>();
                foreach (var user in users)
                {
                    recovered.AddRange(await SettleAsync(server, user, killedAt, readyAt));
                }

                Output.WriteLine(
                    $"kill {kill}: ready after {(readyAt - killedAt).TotalSeconds:0.0} s, {sends.Acknowledged} messages acknowledged so far, "
                    + $"{recovered.Count} runs recovered, the last {(recovered.Count > 0 ? recovered.Max().TotalSeconds : 0):0.00} s after ready");
                recovered.Should().NotContain(after => after > RecoveryBound, "kill {0}", kill);
                users.Should().OnlyContain(user => user.Reconnects == kill);
            }

            foreach (var user in users)
            {
                await CompareAsync(server, user, sends);
            }

            sends.Finish();
            broken.Should().BeEmpty();
            sends.Acknowledged.Should().Be(sends.Ids);
        }
        catch
        {
            Output.WriteLine(server.Log);
            throw;
        }
        finally
        {
            foreach (var user in users)
            {
                user.Connection.Abort();
                await user.DisposeAsync();
            }

            await server.DisposeAsync();
        }
    }

    [Fact]
    [Trait("failure", "D19")]
    [Trait("failure", "P1")]
    public async Task What_a_run_had_said_before_the_kill_is_kept_as_the_content_of_its_failure()
    {
        var text = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i} "));
        using var data = new TestDirectory();
        await using var first = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var guest = await first.GuestAsync();
        var heardEnough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heard = 0;
        var since = 0L;
        await using var connection = await first.ConnectAsync(guest, frame =>
        {
            if (frame is AgentDelta delta)
            {
                heard = delta.Offset + delta.Text.Length;
                since = since == 0 ? TimeProvider.System.GetTimestamp() : since;
                if (TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(2.5))
                {
                    heardEnough.TrySetResult();
                }
            }
        });
        var ack = await connection.ChatAsync(Scenario.Of(Scenario.Say(text, chunks: 400, everyMs: 20)), agent: Scenario.Agent).Soon();
        await heardEnough.Task.Soon();

        await first.KillAsync();
        await using var second = await ServerProcess.StartAsync(first.Successor);
        var failed = (await connection.FollowerOf(ack.ThreadId!.Value).WaitForAnswerAsync(ack.MessageId!.Value).Soon())
            .Should().BeOfType<AgentFailed>().Subject;

        failed.Code.Should().Be(RunFailure.Interrupted);
        failed.Retryable.Should().BeTrue();
        failed.Content.Should().NotBeNullOrEmpty();
        text.Should().StartWith(failed.Content);
        failed.Content!.Length.Should().BeLessThan(text.Length);
        Output.WriteLine($"{failed.Content.Length} of at least {heard} characters were kept.");
    }

    /// <summary>The user, who was sent all that happened since its last cursor, and a newcomer that looks at the end of each thread.</summary>
    /// <returns>How long after the server was ready each run that the kill had left open ended.</returns>
    private static async Task<List<TimeSpan>> SettleAsync(ServerProcess server, BusyUser user, DateTimeOffset killedAt, DateTimeOffset readyAt)
    {
        await using var fresh = await server.ConnectAsync(user.Guest);
        await Task.WhenAll(user.Threads.Select(thread => fresh.FollowAsync(thread, Math.Max(0, user.Ledger[thread].Head - LastEvents)))).Soon();

        await user.Ledger.QuietAsync();
        user.Ledger.Violations.Should().BeEmpty();
        return
        [
            .. user.Ledger.Threads.SelectMany(thread => thread.Runs)
                .Where(run => run.Started.At <= killedAt && run.EndAt > killedAt)
                .Select(run => run.EndAt!.Value - readyAt),
        ];
    }

    /// <summary>The log, as a newcomer is sent it, is what was acknowledged and what the user was sent.</summary>
    private static async Task CompareAsync(ServerProcess server, BusyUser user, SendLedger sends)
    {
        var (fresh, log) = await Ledger.FollowAsync(server, user.Guest, user.Threads);
        await using var _ = fresh;
        await log.QuietAsync();
        log.Violations.Should().BeEmpty();
        foreach (var thread in log.Threads)
        {
            sends.Check(thread);
            await user.Connection.FollowerOf(thread.Thread).WaitForAsync(threadEvent => threadEvent.Seq == thread.Head).Soon();
            Shown(user.Connection.FollowerOf(thread.Thread).Transcript).Should().Equal(Shown(fresh.FollowerOf(thread.Thread).Transcript));
        }
    }

    private static IEnumerable<string> Shown(ThreadTranscript transcript) =>
        transcript.Entries.Select(entry => entry is RunEntry run
            ? $"{run.RunId} {run.State} {run.Answers} {run.MessageId} {run.StopReason} {run.Failure?.Code} {string.Join(' ', run.Items.Select(item => JsonSerializer.Serialize<object>(item)))}"
            : JsonSerializer.Serialize<object>(entry));
}
