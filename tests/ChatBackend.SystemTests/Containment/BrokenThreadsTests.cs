using System.Collections.Concurrent;
using ChatBackend.Client;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.SystemTests.Containment;

/// <summary>Three threads of a log are broken, each in its way: those beside them are recovered and serve as if nothing were.</summary>
[Trait("failure", "Q1")]
[Trait("failure", "Q3")]
public sealed class BrokenThreadsTests
{
    private const int Whole = 50;
    private const string Open = """{"steps":[{"say":"begun"},{"wait_ms":600000}]}""";
    private const string Hello = """{"steps":[{"say":"hello"}]}""";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Fifty_threads_beside_three_broken_ones_are_recovered_and_serve_in_time()
    {
        var first = await ServerProcess.StartAsync(ServerSettings.Scripted);
        var guest = await first.GuestAsync();
        var threads = new List<ThreadId>();
        await using (var connection = await first.ConnectAsync(guest))
        {
            for (var i = 0; i < Whole + 3; i++)
            {
                threads.Add((await connection.ChatAsync(Open, agent: "script").Soon()).ThreadId!.Value);
            }

            await first.KillAsync();
        }

        using var data = new TestDirectory();
        foreach (var file in Directory.EnumerateFiles(first.DataDirectory, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(data.Path, Path.GetRelativePath(first.DataDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await first.DisposeAsync();
        await BreakAsync(data.Path, threads[0], threads[1], threads[2]);
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var readyAt = TimeProvider.System.GetTimestamp();
        await ServeAsync(server, guest, threads[3..]).WaitAsync(Bound);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Whole} threads recovered and serving {TimeProvider.System.GetElapsedTime(readyAt).TotalSeconds:0.00} s after the server was ready");
        foreach (var broken in threads[..3])
        {
            await server.LineAsync(line => line.Contains(broken.Value, StringComparison.Ordinal) && line.Contains("ERR", StringComparison.Ordinal));
        }

        using var http = Trusting.Client(server.Http);
        (await http.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken)).Should().StartWith("Degraded");
        (await server.TerminateAsync()).Should().Be(0);
    }

    /// <summary>Each thread's open run has ended, and another is answered in it.</summary>
    private static async Task ServeAsync(ServerProcess server, GuestSession guest, IReadOnlyList<ThreadId> threads)
    {
        var open = new ConcurrentDictionary<ThreadId, TaskCompletionSource>(
            threads.Select(thread => KeyValuePair.Create(thread, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))));
        var ended = new ConcurrentDictionary<ThreadId, bool>();
        await using var connection = await server.ConnectAsync(guest, frame =>
        {
            switch (frame)
            {
                case AgentFailed { Code: RunFailure.Interrupted } failed:
                    ended[failed.ThreadId] = true;
                    break;
                case AgentCompleted completed when ended.ContainsKey(completed.ThreadId):
                    open[completed.ThreadId].TrySetResult();
                    break;
            }
        });
        foreach (var thread in threads)
        {
            await connection.FollowAsync(thread, 0).Soon();
            await connection.ChatAsync(Hello, thread, "script").Soon();
        }

        await Task.WhenAll(open.Values.Select(done => done.Task));
    }

    private static async Task BreakAsync(string data, ThreadId unreadable, ThreadId undecodable, ThreadId endless)
    {
        await using var log = new SqliteConnection($"Data Source={Path.Combine(data, "chat.db")};Pooling=False");
        await log.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = log.CreateCommand();
        command.CommandText = $"SELECT key FROM threads WHERE id = '{endless}'";
        var key = (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        command.CommandText = $$"""
            DELETE FROM events WHERE seq = 2 AND thread_key = (SELECT key FROM threads WHERE id = '{{unreadable}}');
            UPDATE events SET json = X'7B22' WHERE seq = 2 AND thread_key = (SELECT key FROM threads WHERE id = '{{undecodable}}');
            CREATE TRIGGER no_end BEFORE INSERT ON events WHEN NEW.thread_key = {{key}} BEGIN SELECT RAISE(ABORT, 'This run cannot end.'); END;
            """;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
