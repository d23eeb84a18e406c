using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What a command of an operator said is done is on the disk.</summary>
public sealed class OperatorPowerCutTests : IDisposable
{
    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-power-");

    private string Data => Path.Combine(_base.FullName, "data");

    public void Dispose() => _base.Delete(recursive: true);

    [Fact]
    public async Task A_backup_and_what_was_restored_from_one_survive_a_power_cut()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.Ext4(mebibytes: 64);
        await WriteAsync();
        var (copy, restored) = (Path.Combine(disk.Path, "backup"), Path.Combine(disk.Path, "restored"));
        Run("backup", Data, copy);

        disk.CutPower();

        Run("check", copy);
        Run("restore", restored, copy);
        disk.CutPower();
        Run("check", restored);
        (await File.ReadAllTextAsync(Path.Combine(restored, "keys", "key-1.xml"), TestContext.Current.CancellationToken)).Should().Be("key");

        Run("restore", restored, copy, "--force");
        disk.CutPower();
        Run("check", restored);
        var aside = Directory.EnumerateDirectories(restored, "before-restore-*").Should().ContainSingle().Subject;
        File.Exists(Path.Combine(aside, "chat.db")).Should().BeTrue();
    }

    private async Task WriteAsync()
    {
        await using var host = await SqliteLogHost.StartAsync(Data);
        var writer = LogWriter.OfNewThread(host.Log);
        await writer.WriteTextAsync("one", "two");
        await writer.WriteTextAsync(Convert.ToBase64String(LogWriter.Incompressible(1 << 20)), "four");
        Directory.CreateDirectory(Path.Combine(Data, "keys"));
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "key-1.xml"), "key");
    }

    private static void Run(string name, string data, params string[] arguments)
    {
        using var output = new StringWriter();
        var code = OperatorCommand.Run([name, $"--DataDirectory={data}", .. arguments], output);
        code.Should().Be(0, "{0}", output);
    }
}
