using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;

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
    [InlineData(": > chat.db-wal", "truncated")]
    public async Task What_another_program_does_to_the_files_leaves_one_history(string what, string line)
    {
        using var data = new TestDirectory();
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        var acked = new ConcurrentBag<Ack>();
        using var enough = new CancellationTokenSource();
        var talking = Enumerable.Range(0, Users).Select(_ => TalkAsync(server, acked, enough.Token)).ToList();
        await UntilAsync(acked, 50);
        Shell(data.Path, "cp chat.db older.db; cp chat.db-wal older.db-wal").Should().Be(0);
        await UntilAsync(acked, acked.Count + 600);

        Shell(data.Path, what).Should().Be(0);
        await server.LineAsync(text => text.Contains(line, StringComparison.Ordinal));
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

    private static async Task UntilAsync(ConcurrentBag<Ack> acked, int count)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (acked.Count < count)
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
