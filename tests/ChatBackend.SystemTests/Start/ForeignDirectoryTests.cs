using System.Runtime.Versioning;

namespace ChatBackend.SystemTests.Start;

/// <summary>A data directory, or a part of it, that belongs to another user than the server's: the start is refused in one sentence. Needs root, to give it away.</summary>
[SupportedOSPlatform("linux")]
public sealed class ForeignDirectoryTests
{
    private static readonly string[] AsNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    // What an operator leaves behind who works on the directory as root.
    [Theory]
    [Trait("failure", "Q23")]
    [InlineData(".", "700", "")]
    [InlineData(".", "755", "")]
    [InlineData("chat.db", "644", "chat.db")]
    [InlineData("keys", "755", "keys")]
    [InlineData("keys/key-*", "600", "keys/key-")]
    [InlineData("search.db", "600", "search.db")]
    public async Task What_another_user_owns_ends_the_start_with_its_name_and_what_to_do(string owned, string mode, string named)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give files to another user.");
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with { DataDirectory = data.Path };
        await using (var first = await ServerProcess.StartAsync(settings))
        {
            await first.GuestAsync();
            (await first.TerminateAsync()).Should().Be(0);
        }

        await Shell.RunAsync($"cd '{data.Path}' && chown -R 65534:65534 . && chown root:root {owned} && chmod {mode} {owned}");
        await RefusedAsync(settings, Path.Combine(data.Path, named));

        // And with what the line said, it starts with everything.
        await Shell.RunAsync($"chown -R 65534:65534 '{data.Path}' && chmod 700 '{data.Path}'");
        await using var mended = await ServerProcess.StartAsync(settings with { Launcher = AsNobody });
        await mended.GuestAsync();
        (await mended.TerminateAsync()).Should().Be(0);
        mended.Complaints.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "Q23")]
    public async Task A_data_directory_that_cannot_be_made_ends_the_start_with_its_name_and_what_to_do()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give files to another user.");
        using var parent = new TestDirectory();
        await Shell.RunAsync($"chmod 755 '{parent.Path}'");
        var missing = Path.Combine(parent.Path, "data");
        await RefusedAsync(
            ServerSettings.Scripted with { DataDirectory = parent.Path, Configuration = new Dictionary<string, string>() }, missing, "--DataDirectory", missing);
        Directory.Exists(missing).Should().BeFalse();
    }

    private static async Task RefusedAsync(ServerSettings settings, string named, params string[] arguments)
    {
        await using var refused = ServerProcess.Launch(settings with { Launcher = ["sh", "-c", "exec \"$@\" " + string.Join(' ', arguments), "sh", .. AsNobody] });
        (await refused.ExitAsync()).Should().Be(1);
        refused.Log.Split('\n').Should().ContainSingle(line => line.Contains("FTL", StringComparison.Ordinal))
            .Which.Should().Contain(named).And.Contain("chown");
        refused.Log.Should().NotContain("\n   at ");
    }
}
