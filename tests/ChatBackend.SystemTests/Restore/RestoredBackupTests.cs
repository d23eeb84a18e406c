using System.Diagnostics;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Browser;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Restore;

/// <summary>The log is put back to a backup while clients hold cursors ahead of it, and grows past them before some are back: each ends with exactly the history that is there now.</summary>
public sealed class RestoredBackupTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Restored = "The server was restored from a backup; the conversation was read again.";

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("failure", "Q17")]
    public async Task Every_client_ends_with_exactly_the_new_history(bool byCommand)
    {
        using var data = new TestDirectory();
        using var backup = new TestDirectory();
        var settings = ServerSettings.Scripted with
        {
            DataDirectory = data.Path,
            Configuration = new Dictionary<string, string>(ServerSettings.Scripted.Configuration) { ["Threads:AutoTitle"] = "false" },
        };
        var server = await ServerProcess.StartAsync(settings);
        var clients = new List<Follower>();
        try
        {
            await using var page = await chromium.OpenAsync(server.Http);
            await page.ConnectedAsync();
            var guest = await GuestOfAsync(page);
            var thread = await WriteTextAsync(server, guest, null, "kept");

            server = await RestartAsync(server, () => BackUpAsync(data.Path, backup.Path, byCommand));
            await WriteTextAsync(server, guest, thread, "lost 1", "lost 2", "lost 3");
            for (var i = 0; i < 5; i++)
            {
                clients.Add(await Follower.StartAsync(server, guest, thread));
            }

            var (lost, oldLog) = (clients[0].Last, clients[0].Connection.Established.LogId);
            await page.Page.GotoAsync($"{server.Http}#/t/{thread}");
            await Expect(page.Messages).ToHaveCountAsync(4);

            foreach (var late in clients.Skip(2))
            {
                late.StayAway();
            }

            await page.Page.Context.SetOfflineAsync(true);
            server = await RestartAsync(server, () => PutBackAsync(data.Path, backup.Path, byCommand));
            foreach (var early in clients.Take(2))
            {
                await early.ReplacedAsync();
            }

            await WriteTextAsync(server, guest, thread, "new 1", "new 2", "new 3", "new 4");
            await page.Page.Context.SetOfflineAsync(false);
            clients.ForEach(late => late.ComeBack());

            await using var reader = await server.ConnectAsync(guest);
            var now = await reader.EventsAsync(thread);
            reader.Established.LogId.Should().Match(id => byCommand ? id != oldLog : id == oldLog);
            now.Count.Should().BeGreaterThan((int)lost.Seq, "the new history has grown past every cursor");
            foreach (var client in clients)
            {
                (await client.UpToAsync(now[^1].Seq)).Should().Equal(now);
                client.Thread.Transcript.Entries.OfType<UserEntry>().Select(message => message.Content).Should().Equal("kept", "new 1", "new 2", "new 3", "new 4");
                client.Thread.Transcript.Replacements.Should().Be(1);
            }

            await IsStaleAsync(server, guest, thread, lost);
            await Expect(page.Texts).ToHaveTextAsync(["kept", "new 1", "new 2", "new 3", "new 4"]);
            await Expect(page.Transcript).ToContainTextAsync(Restored);
            await Expect(page.Runs).ToHaveCountAsync(5);
            Output.WriteLine($"cursors at {lost.Seq}, history now {now.Count} events: 5 of 5 .NET clients, the socket and the page have exactly these");
        }
        catch
        {
            Output.WriteLine(server.Log);
            throw;
        }
        finally
        {
            clients.ForEach(client => client.Connection.Abort());
            await server.DisposeAsync();
        }
    }

    private static async Task<ServerProcess> RestartAsync(ServerProcess server, Func<Task> stopped)
    {
        (await server.TerminateAsync()).Should().Be(0);
        await stopped();
        var successor = server.Successor;
        await server.DisposeAsync();
        return await ServerProcess.StartAsync(successor);
    }

    private static async Task BackUpAsync(string data, string backup, bool byCommand)
    {
        if (byCommand)
        {
            await CommandAsync("backup", $"--DataDirectory={data}", Path.Combine(backup, "b"));
        }
        else
        {
            File.Copy(Path.Combine(data, "chat.db"), Path.Combine(backup, "chat.db"));
        }
    }

    private static async Task PutBackAsync(string data, string backup, bool byCommand)
    {
        if (byCommand)
        {
            await CommandAsync("restore", $"--DataDirectory={data}", Path.Combine(backup, "b"), "--force");
            return;
        }

        foreach (var file in Directory.GetFiles(data, "chat.db*"))
        {
            File.Delete(file);
        }

        File.Copy(Path.Combine(backup, "chat.db"), Path.Combine(data, "chat.db"));
    }

    private static async Task CommandAsync(params string[] arguments)
    {
        using var command = Process.Start(new ProcessStartInfo("dotnet", [ServerProcess.ServerDll, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = command.StandardOutput.ReadToEndAsync();
        var errors = command.StandardError.ReadToEndAsync();
        await command.WaitForExitAsync().Soon();
        command.ExitCode.Should().Be(0, await output + await errors);
    }

    private static async Task<GuestSession> GuestOfAsync(ChatPage page)
    {
        var user = await page.UserAsync();
        var cookie = (await page.Page.Context.CookiesAsync()).Single();
        return new GuestSession(new UserId(user), cookie.Value, DateTimeOffset.MaxValue);
    }

    private static async Task<ThreadId> WriteTextAsync(ServerProcess server, GuestSession guest, ThreadId? thread, params string[] texts)
    {
        await using var connection = await server.ConnectAsync(guest);
        foreach (var text in texts)
        {
            var ack = await connection.ChatAsync(text, thread, agent: "demo").Soon();
            thread = ack.ThreadId!.Value;
            await connection.FollowerOf(thread.Value).WaitForAnswerAsync(ack.MessageId!.Value).Soon();
        }

        return thread!.Value;
    }

    /// <summary>A client that knows only what is written: it follows from the event that it had.</summary>
    private static async Task IsStaleAsync(ServerProcess server, GuestSession guest, ThreadId thread, ThreadCursor lost)
    {
        using var socket = await server.OpenAsync(guest);
        await socket.NextAsync();
        await socket.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{thread}}","after_seq":{{lost.Seq}},"after_at":"{{lost.At:yyyy-MM-ddTHH:mm:ss.fffZ}}"}""");
        (await socket.NextAsync()).Should().Contain("\"stale_cursor\"").And.Contain("\"history_begins_at\":1");
    }

    /// <summary>One .NET client that follows the thread, and comes back when it is let.</summary>
    private sealed class Follower
    {
        private TaskCompletionSource _present = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ChatConnection Connection { get; private set; } = null!;

        public ThreadFollower Thread { get; private set; } = null!;

        public ThreadCursor Last => Thread.LastEvent;

        public static async Task<Follower> StartAsync(ServerProcess server, GuestSession guest, ThreadId thread)
        {
            var follower = new Follower();
            follower.ComeBack();
            follower.Connection = await ChatConnection.ConnectAsync(new ChatConnectionOptions
            {
                Uri = server.WebSocket,
                Token = async _ =>
                {
                    await follower._present.Task;
                    return guest.Token;
                },
                MaxBackoff = TimeSpan.FromSeconds(1),
            }).Soon();
            follower.Thread = await follower.Connection.FollowAsync(thread).Soon();
            return follower;
        }

        public void StayAway() => _present = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void ComeBack() => _present.TrySetResult();

        public async Task ReplacedAsync()
        {
            await foreach (var frame in Thread.Events().WithCancellation(new CancellationTokenSource(Clients.Patience).Token))
            {
                if (frame is HistoryReplaced)
                {
                    return;
                }
            }
        }

        /// <summary>The events since the history was replaced, up to one of them.</summary>
        public async Task<List<ThreadEvent>> UpToAsync(long seq)
        {
            var events = new List<ThreadEvent>();
            var isNew = false;
            await foreach (var frame in Thread.Events().WithCancellation(new CancellationTokenSource(Clients.Patience).Token))
            {
                if (frame is HistoryReplaced)
                {
                    isNew = true;
                    events.Clear();
                }
                else if (frame is ThreadEvent threadEvent)
                {
                    events.Add(threadEvent);
                    if (isNew && threadEvent.Seq == seq)
                    {
                        break;
                    }
                }
            }

            return events;
        }
    }
}
