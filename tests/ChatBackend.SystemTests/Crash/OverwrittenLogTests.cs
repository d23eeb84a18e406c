using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;

namespace ChatBackend.SystemTests.Crash;

/// <summary>Another program writes over the log of a running server: nothing more is acknowledged, and after the restart there is one history.</summary>
[SupportedOSPlatform("linux")]
public sealed class OverwrittenLogTests
{
    private const int Users = 4;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Theory]
    [Trait("failure", "Q22")]
    [InlineData("cp older.db chat.db", "overwritten in place")]
    [InlineData("cp older.db chat.db; cp older.db-wal chat.db-wal", "overwritten in place")]
    [InlineData("mv older.db chat.db", "replaced by another file")]
    public Task What_another_program_does_to_the_files_leaves_one_history(string what, string line) => LeavesOneHistoryAsync(async (server, data, _) =>
    {
        Shell(data, what).Should().Be(0);
        await server.LineAsync(text => text.Contains(line, StringComparison.Ordinal));
    });

    [Theory]
    [Trait("failure", "Q22")]
    [InlineData(": > chat.db-wal")]
    // A commit that was under way writes behind the cut, and leaves zeros for a header.
    [InlineData("dd if=/dev/zero of=chat.db-wal bs=32 count=1 conv=notrunc")]
    public Task A_truncated_WAL_leaves_one_history(string what) => LeavesOneHistoryAsync(async (server, data, acked) =>
    {
        // Without a reader the WAL may begin again by itself, at this very moment: then nothing is lost, and nothing is said.
        using var reader = await ReadAsync(data);
        await UntilAsync(() => acked.Count, acked.Count + 10);

        Shell(data, what).Should().Be(0);
        await server.LineAsync(text => text.Contains("truncated by another program", StringComparison.Ordinal));
        await UntilAsync(() => Directory.GetFiles(data, "chat.db-wal.aside").Length, 1);
    });

    private static async Task LeavesOneHistoryAsync(Func<ServerProcess, string, ConcurrentBag<Ack>, Task> change)
    {
        using var data = new TestDirectory();
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var acked = new ConcurrentBag<Ack>();
        using var enough = new CancellationTokenSource();
        var talking = Enumerable.Range(0, Users).Select(_ => TalkAsync(server, acked, enough.Token)).ToList();
        await UntilAsync(() => acked.Count, 50);
        Shell(data.Path, "cp chat.db older.db; cp chat.db-wal older.db-wal").Should().Be(0);
        await UntilAsync(() => acked.Count, acked.Count + 600);

        await change(server, data.Path, acked);
        var count = acked.Count;

        (await AnswerToChatAsync(server)).Should().Be("unavailable");
        acked.Count.Should().BeInRange(count, count + Users, "only what was on its way when the line was written");
        server.Complaints.Count.Should().BeLessThan(10);
        await server.KillAsync();
        await enough.CancelAsync();
        await Task.WhenAll(talking);

        Shell(data.Path, $"dotnet {ServerProcess.ServerDll} check --DataDirectory={data.Path}").Should().Be(0, "what is left is one history");
        await using var again = await ServerProcess.StartAsync(server.Successor);
        (await AnswerToChatAsync(again)).Should().Be("accepted");
    }

    private static async Task<string?> AnswerToChatAsync(ServerProcess server)
    {
        using var socket = await server.OpenAsync(await server.GuestAsync());
        await socket.SendAsync("""{"type":"chat","id":"probe","agent":"script","content":"{\"steps\":[{\"say\":\"yes\"}]}"}""");
        while (await socket.NextAsync().Soon() is { } text)
        {
            var frame = JsonDocument.Parse(text).RootElement;
            switch (frame.GetProperty("type").GetString())
            {
                case "ack":
                    return frame.GetProperty("status").GetString();
                case "error":
                    return frame.GetProperty("code").GetString();
            }
        }

        return null;
    }

    private static int Shell(string directory, string script)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = directory, RedirectStandardOutput = true };
        using var shell = Process.Start(start)!;
        Output.WriteLine(shell.StandardOutput.ReadToEnd());
        shell.WaitForExit();
        return shell.ExitCode;
    }

    private static async Task<SqliteConnection> ReadAsync(string data)
    {
        var reader = new SqliteConnection($"Data Source={Path.Combine(data, "chat.db")};Mode=ReadOnly;Pooling=False");
        await reader.OpenAsync();
        using var read = reader.CreateCommand();
        read.CommandText = "BEGIN; SELECT id FROM store";
        (await read.ExecuteScalarAsync()).Should().BeOfType<string>();
        return reader;
    }

    private static async Task UntilAsync(Func<int> counted, int count)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (counted() < count)
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    private static async Task TalkAsync(ServerProcess server, ConcurrentBag<Ack> acked, CancellationToken enough)
    {
        await using var connection = await server.ConnectAsync(await server.GuestAsync());
        try
        {
            while (!enough.IsCancellationRequested)
            {
                acked.Add(await connection.ChatAsync(Scenario.Of(Scenario.Say("yes")), agent: Scenario.Agent, cancellationToken: enough));
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // What is not acknowledged by now never will be.
        }
        finally
        {
            connection.Abort();
        }
    }
}
