using System.Runtime.Versioning;

namespace ChatBackend.SystemTests.Start;

/// <summary>Log or keys are missing: the start is refused in one sentence, and nothing is begun in their place.</summary>
[SupportedOSPlatform("linux")]
public sealed class LostHalvesTests
{
    [Theory]
    [Trait("failure", "Q23")]
    [InlineData("Storage:AllowNewLog", "chat.db")]
    [InlineData("Storage:AllowNewLog", "chat.db", "chat.db-wal", "chat.db-shm")]
    [InlineData("Storage:AllowNewLog", "chat.db", "keys")]
    [InlineData("Storage:AllowNewKeys", "keys")]
    public async Task A_lost_half_is_not_replaced_by_an_empty_one_in_silence(string setting, params string[] lost)
    {
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with { DataDirectory = data.Path };
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await using var connection = await server.ConnectAsync(await server.GuestAsync());
            await connection.ChatAsync(Scenario.Of(Scenario.Say("yes")), agent: Scenario.Agent).Soon();
            await server.KillAsync();
        }

        foreach (var name in lost)
        {
            Delete(Path.Combine(data.Path, name));
        }

        var hadWal = File.Exists(Path.Combine(data.Path, "chat.db-wal"));
        await using (var refused = ServerProcess.Launch(settings))
        {
            (await refused.ExitAsync()).Should().Be(1);
            refused.Log.Split('\n').Where(line => line.Contains("FTL", StringComparison.Ordinal))
                .Should().ContainSingle().Which.Should().Contain(data.Path).And.Contain($"--{setting}=true");
        }

        if (lost.Contains("chat.db"))
        {
            File.Exists(Path.Combine(data.Path, "chat.db")).Should().BeFalse();
            File.Exists(Path.Combine(data.Path, "chat.db-wal")).Should().Be(hadWal, "what is left is not touched");
        }

        if (lost.Contains("keys"))
        {
            Directory.Exists(Path.Combine(data.Path, "keys")).Should().BeFalse();
        }

        await using var allowed = await ServerProcess.StartAsync(
            settings with { Configuration = new Dictionary<string, string>(settings.Configuration) { [setting] = "true" } });
        await allowed.GuestAsync();
    }

    [Fact]
    [Trait("failure", "Q23")]
    public async Task An_empty_log_beside_keys_is_a_lost_one_and_a_new_directory_starts_with_one_line()
    {
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with { DataDirectory = data.Path };
        await using (var first = await ServerProcess.StartAsync(settings))
        {
            (await first.LineAsync(line => line.Contains("Data directory", StringComparison.Ordinal)))
                .Should().Contain(data.Path).And.Contain("created").And.Contain("0 threads");
            (await first.TerminateAsync()).Should().Be(0);
        }

        await File.WriteAllBytesAsync(Path.Combine(data.Path, "chat.db"), []);
        await using var refused = ServerProcess.Launch(settings);

        (await refused.ExitAsync()).Should().Be(1);
        refused.Log.Should().Contain("missing or empty");
    }

    [Fact]
    [Trait("failure", "Q24")]
    public async Task A_log_that_is_damaged_ends_the_start_with_its_name_and_what_to_do()
    {
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with { DataDirectory = data.Path };
        await using (var first = await ServerProcess.StartAsync(settings))
        {
            await first.TerminateAsync();
        }

        var log = Path.Combine(data.Path, "chat.db");
        var bytes = await File.ReadAllBytesAsync(log);
        bytes.AsSpan(0, 100).Fill(0x55);
        await File.WriteAllBytesAsync(log, bytes);
        await using var refused = ServerProcess.Launch(settings);

        (await refused.ExitAsync()).Should().Be(1);
        refused.Log.Split('\n').Where(line => line.Contains("FTL", StringComparison.Ordinal))
            .Should().ContainSingle().Which.Should().Contain(log).And.Contain("damaged").And.Contain("restore");
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
