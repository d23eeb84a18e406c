using System.Runtime.Versioning;
using System.Security.Cryptography;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>As a container runs it: nothing can be written but the data directory, and the user is nobody. Needs root, to take it away.</summary>
[SupportedOSPlatform("linux")]
public sealed class ReadOnlyRootTests
{
    // All file systems but those of the kernel become read-only, in a mount namespace that ends with the server.
    private const string Script = """
        set -e
        mount --make-rprivate /
        mount --bind "$0" "$0"
        for at in $(awk '{ print $5 }' /proc/self/mountinfo | sort -u); do
          case "$at" in /proc*|/sys*|/dev|/dev/*|"$0") ;; *) mount -o remount,bind,ro "$at" ;; esac
        done
        ! touch /tmp/written-by-the-test 2>/dev/null || { echo "/tmp can be written"; exit 3; }
        unset HOME TMPDIR
        exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
        """;

    [Fact]
    [Trait("failure", "Q19")]
    public async Task It_starts_and_serves_as_nobody_on_a_read_only_root()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can make its root read-only.");
        using var data = new TestDirectory();
        // TestDirectory is its owner's alone, and nobody must own it.
        await Shell.RunAsync("chown", "65534:65534", data.Path);
        var settings = ServerSettings.Scripted with
        {
            Urls = "http://127.0.0.1:0;https://127.0.0.1:0",
            DataDirectory = data.Path,
            Launcher = ["unshare", "--mount", "sh", "-c", Script, data.Path],
        };

        for (var start = 0; start < 2; start++)
        {
            await using var server = await ServerProcess.StartAsync(settings);
            File.ReadLines($"/proc/{server.Pid}/status").Should().Contain("Uid:\t65534\t65534\t65534\t65534");
            var client = await server.ConnectAsync(await server.GuestAsync());
            var ack = await client.ChatAsync(Scenario.Of(Scenario.Say("hello", chunks: 3)), agent: Scenario.Agent).Soon();
            (await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();
            await client.CloseAsync();
            (await server.TerminateAsync()).Should().Be(0, server.Log);
            server.Complaints.Should().BeEmpty();
        }
    }

    [Fact]
    [Trait("failure", "Q26")]
    public async Task A_log_is_compacted_as_nobody_on_a_read_only_root_and_has_all_that_it_had()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can make its root read-only.");
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with { DataDirectory = data.Path };
        var threads = new List<ThreadId>();
        GuestSession guest;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            guest = await server.GuestAsync();
            await using var client = await server.ConnectAsync(guest);
            for (var i = 0; i < 100; i++)
            {
                // More than SQLite keeps in memory.
                var ack = await client.ChatAsync(Scenario.Of(Scenario.Say(Convert.ToHexString(RandomNumberGenerator.GetBytes(60_000)))), agent: Scenario.Agent).Soon();
                await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
                threads.Add(ack.ThreadId.Value);
            }

            await client.CloseAsync();
            (await server.TerminateAsync()).Should().Be(0);
        }

        await Shell.RunAsync("chown", "-R", "65534:65534", data.Path);
        var output = await Shell.RunAsync(
            "unshare", "--mount", "sh", "-c", Script, data.Path, "dotnet", ServerProcess.ServerDll, "compact", $"--DataDirectory={data.Path}");
        output.Should().Contain("bytes became");
        TestContext.Current.TestOutputHelper!.WriteLine(output);

        await using var again = await ServerProcess.StartAsync(settings);
        await using var reader = await again.ConnectAsync(guest);
        foreach (var thread in threads)
        {
            (await reader.EventsAsync(thread)).Should().ContainSingle(threadEvent => threadEvent is AgentCompleted);
        }
    }
}
