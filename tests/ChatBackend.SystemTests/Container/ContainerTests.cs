using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Container;

/// <summary>The container image, without an engine: published to an archive, unpacked, and run as its user on its own root.</summary>
[SupportedOSPlatform("linux")]
public sealed class ContainerTests
{
    private const int MaxBytes = 150_000_000;

    // What an engine does: the image's root, read-only, with a volume, /proc and /dev, gone with the process. Of what would start the built server it takes the address.
    private const string Engine = """
        set -e
        mount --make-rprivate /
        mount --bind "$0" "$0"
        mount -o remount,bind,ro "$0"
        mount --rbind /proc "$0/proc"
        mount --rbind /dev "$0/dev"
        mount --bind "$1" "$0/home/app"
        ! touch "$0/tmp/written-by-the-test" 2>/dev/null || { echo "the root can be written"; exit 3; }
        shift
        case "$1" in dotnet) set -- "$3" "$4" ;; esac
        exec chroot --userspec=1654:1654 "$0" /app/ChatBackend.Server "$@"
        """;

    [Fact]
    public async Task The_image_serves_as_its_user_on_a_read_only_root_and_answers_its_health_check()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can do what a container engine does.");
        using var work = new TestDirectory();
        using var volume = new TestDirectory();
        await using var image = await BaseImage.StartAsync(work.Path);
        var archive = Path.Combine(work.Path, "chatbackend.tar.gz");
        await PublishAsync(image.Name, archive, Path.Combine(work.Path, "build"));

        new FileInfo(archive).Length.Should().BeLessThan(MaxBytes);
        var (root, config) = await UnpackAsync(archive, work.Path);
        config.GetProperty("User").GetString().Should().Be("1654");
        config.GetProperty("Entrypoint").EnumerateArray().Select(part => part.GetString()).Should().Equal("/app/ChatBackend.Server");
        var environment = config.GetProperty("Env").EnumerateArray().Select(line => line.GetString()!.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        environment["DataDirectory"].Should().Be("/home/app/chat");
        IsReadyToRun(Path.Combine(root, "app", "ChatBackend.dll")).Should().BeTrue();
        Directory.GetFiles(Path.Combine(root, "app", "wwwroot", "assets"), "main-*.js.br").Should().ContainSingle("the page is in the image");

        await Shell.RunAsync("chown", "1654:1654", volume.Path);
        environment.Remove("PATH");
        var settings = ServerSettings.Scripted with
        {
            Environment = "Production",
            DataDirectory = volume.Path,
            Configuration = new Dictionary<string, string>(environment) { ["Guests:Enabled"] = "true", ["Agents:Script:Enabled"] = "true" },
            Launcher = ["unshare", "--mount", "sh", "-c", Engine, root, volume.Path],
        };
        await using var server = await ServerProcess.StartAsync(settings);
        File.ReadLines($"/proc/{server.Pid}/status").Should().Contain("Uid:\t1654\t1654\t1654\t1654");
        using (var http = Trusting.Client(server.Http))
        {
            (await http.GetStringAsync(new Uri("/", UriKind.Relative))).Should().Contain("src=\"assets/main-");
        }

        await using (var client = await server.ConnectAsync(await server.GuestAsync()))
        {
            var ack = await client.ChatAsync(Scenario.Of(Scenario.Say("hello", chunks: 3)), agent: Scenario.Agent).Soon();
            (await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();
        }

        string[] health = ["--mount", "sh", "-c", Engine, root, volume.Path, "health", "--urls", server.Http.ToString()];
        (await Shell.RunAsync("unshare", health)).Should().Contain("Healthy");
        File.Exists(Path.Combine(volume.Path, "chat", "chat.db")).Should().BeTrue();
        (await server.TerminateAsync()).Should().Be(0, server.Log);
        (await Shell.RunAsync("sh", ["-c", "! unshare \"$@\"", "sh", .. health])).Should().Contain("does not answer");
    }

    // A process that a build leaves for the next one holds its output open, so that it would not end.
    private static async Task PublishAsync(string baseImage, string archive, string build) => await Shell.RunAsync(
        TimeSpan.FromMinutes(10), "dotnet", "publish", Path.Combine(Repository, "src", "ChatBackend.Server"), "-c", "Release", "-t:PublishContainer", "-nologo", "-v", "quiet", "-p:RunAnalyzers=false",
        "-nodeReuse:false", "-p:UseSharedCompilation=false", $"-p:ContainerBaseImage={baseImage}", $"-p:ContainerArchiveOutputPath={archive}", "--artifacts-path", build);

    private static string Repository => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ServerProcess.ServerDll)!, "..", "..", "..", "..", ".."));

    private static async Task<(string Root, JsonElement Config)> UnpackAsync(string archive, string folder)
    {
        var (parts, root) = (Path.Combine(folder, "parts"), Path.Combine(folder, "unpacked"));
        Directory.CreateDirectory(parts);
        Directory.CreateDirectory(root);
        await Shell.RunAsync("tar", "-xf", archive, "-C", parts);
        var image = Parse(Path.Combine(parts, "manifest.json"))[0];
        foreach (var layer in image.GetProperty("Layers").EnumerateArray())
        {
            await Shell.RunAsync("tar", "--numeric-owner", "-xpf", Path.Combine(parts, layer.GetString()!), "-C", root);
        }

        return (root, Parse(Path.Combine(parts, image.GetProperty("Config").GetString()!)).GetProperty("config"));
    }

    private static JsonElement Parse(string path) => JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;

    private static bool IsReadyToRun(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
