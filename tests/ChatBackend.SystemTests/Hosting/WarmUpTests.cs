using System.Net.Http.Json;
using System.Text.Json;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>Outside of development a server rehearses before it is ready, and nothing of that stays.</summary>
public sealed class WarmUpTests
{
    [Fact]
    public async Task A_rehearsal_leaves_no_file_no_thread_and_no_number()
    {
        using var data = new TestDirectory();
        Directory.CreateDirectory(Path.Combine(data.Path, "warm-up"));
        await File.WriteAllTextAsync(Path.Combine(data.Path, "warm-up", "chat.db"), "left by a process that was killed", TestContext.Current.CancellationToken);
        await using var server = await ServerProcess.StartAsync(Production(data));

        await server.LineAsync(line => line.Contains("Warmed up in", StringComparison.Ordinal));
        server.Log.Should().NotContain("\"@l\":\"Warning\"").And.NotContain("\"@l\":\"Error\"");
        Directory.GetFileSystemEntries(data.Path).Select(Path.GetFileName).Should().NotContain("warm-up").And.Contain("chat.db");
        (await server.MetricsAsync("chat_message_ack_duration_seconds_count", "chat_frames_sent_total")).Should().Equal(0, 0);
        var guest = await server.GuestAsync();
        await using (await server.ConnectAsync(guest))
        {
            await server.UntilMetricAsync("chat_frames_sent_total", 1);
        }

        using var http = Trusting.Client(server.Http);
        http.DefaultRequestHeaders.Authorization = new("Bearer", guest.Token);
        (await http.GetFromJsonAsync<JsonElement>(new Uri("/api/threads", UriKind.Relative), TestContext.Current.CancellationToken).Soon())
            .GetProperty("threads").GetArrayLength().Should().Be(0);
        (await server.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    public async Task A_server_that_cannot_rehearse_starts_all_the_same()
    {
        using var data = new TestDirectory();
        await File.WriteAllTextAsync(Path.Combine(data.Path, "warm-up"), "no directory", TestContext.Current.CancellationToken);
        await using var server = await ServerProcess.StartAsync(Production(data));

        await server.LineAsync(line => line.Contains("could not warm up", StringComparison.Ordinal));
        (await server.GuestAsync()).Token.Should().NotBeEmpty();
    }

    [Fact]
    public async Task SIGTERM_during_a_rehearsal_ends_the_start_with_0()
    {
        using var data = new TestDirectory();
        await using var server = ServerProcess.Launch(Production(data));
        using (var watcher = new FileSystemWatcher(data.Path, "warm-up"))
        {
            var begins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            watcher.Created += (_, _) => begins.TrySetResult();
            watcher.EnableRaisingEvents = true;
            if (!Directory.Exists(Path.Combine(data.Path, "warm-up")))
            {
                await begins.Task.Soon();
            }
        }

        (await server.TerminateAsync()).Should().Be(0, server.Log);
        server.Log.Should().NotContain("\"@l\":\"Warning\"").And.NotContain("\"@l\":\"Error\"").And.NotContain("\"@l\":\"Fatal\"");
    }

    private static ServerSettings Production(TestDirectory data) => new()
    {
        Environment = "Production",
        DataDirectory = data.Path,
        Configuration = new Dictionary<string, string> { ["Guests:Enabled"] = "true", ["Serilog:MinimumLevel:Override:ChatBackend.Server"] = "Debug" },
    };
}
