using System.Runtime.Versioning;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>Files that survive a power cut, for their owner only; and what Unix says of files that cannot be worked on.</summary>
[SupportedOSPlatform("linux")]
public sealed class DurableFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-files-");

    private string FilePath => Path.Combine(_directory.FullName, "file");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_is_its_owners_alone()
    {
        File.WriteAllText(FilePath + ".new", "what a process that died left");
        DurableFile.Write(FilePath, "first, and longer"u8);
        File.SetUnixFileMode(FilePath, OwnerOnly | UnixFileMode.OtherRead);

        DurableFile.Write(FilePath, "second"u8);

        File.ReadAllText(FilePath).Should().Be("second");
        File.GetUnixFileMode(FilePath).Should().Be(OwnerOnly);
        _directory.EnumerateFiles().Should().ContainSingle();
    }

    [Fact]
    public void A_new_file_is_empty_and_never_one_that_was_there()
    {
        DurableFile.Create(FilePath).Dispose();

        (new FileInfo(FilePath).Length, File.GetUnixFileMode(FilePath)).Should().Be((0, OwnerOnly));
        FluentActions.Invoking(() => DurableFile.Create(FilePath)).Should().Throw<IOException>();
    }

    [Fact]
    public void What_was_written_is_there_after_a_power_cut()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.Ext4(mebibytes: 32);
        var (written, empty, copied) = (Path.Combine(disk.Path, "written"), Path.Combine(disk.Path, "empty"), Path.Combine(disk.Path, "copied"));
        DurableFile.Write(written, "whole"u8);
        disk.CutPower();
        File.ReadAllText(written).Should().Be("whole");

        DurableFile.Create(empty).Dispose();
        DurableFile.SyncDirectory(disk.Path);
        disk.CutPower();
        File.Exists(empty).Should().BeTrue();

        var folder = Directory.CreateDirectory(Path.Combine(_directory.FullName, "keys")).FullName;
        File.WriteAllText(Path.Combine(folder, "key"), "secret");
        PrivateFiles.Copy(folder, copied);
        disk.CutPower();
        File.ReadAllText(Path.Combine(copied, "key")).Should().Be("secret");
    }

    [Fact]
    public void A_copy_has_all_that_is_below_and_nobody_else_may_read_it()
    {
        var (from, to) = (Path.Combine(_directory.FullName, "from"), Path.Combine(_directory.FullName, "to"));
        Directory.CreateDirectory(from);
        File.WriteAllText(Path.Combine(from, "one"), "1");
        File.WriteAllText(Path.Combine(from, "two"), "22");

        PrivateFiles.Copy(from, to);
        File.WriteAllText(Path.Combine(from, "one"), "another");
        PrivateFiles.Copy(Path.Combine(from, "one"), Path.Combine(to, "two"));
        PrivateFiles.Copy(Path.Combine(from, "none"), Path.Combine(to, "none"));

        Directory.EnumerateFiles(to).Order().Select(file => (Path.GetFileName(file), File.ReadAllText(file), File.GetUnixFileMode(file)))
            .Should().Equal(("one", "1", OwnerOnly), ("two", "another", OwnerOnly));
        File.GetUnixFileMode(to).Should().Be(OwnerOnly | UnixFileMode.UserExecute);
    }

    [Fact]
    public void What_the_system_refuses_is_told_with_the_path_and_its_reason()
    {
        var missing = Path.Combine(_directory.FullName, "missing");
        using var device = File.OpenHandle("/dev/null");

        FluentActions.Invoking(() => DurableFile.SyncDirectory(missing)).Should().Throw<IOException>()
            .WithMessage($"{missing} cannot be opened: No such file or directory.");
        FluentActions.Invoking(() => NativeFile.Sync(device, "/dev/null")).Should().Throw<IOException>()
            .WithMessage("/dev/null cannot be synced to the disk: Invalid argument.");
    }

    [Fact]
    public void A_directory_is_locked_by_one_until_it_lets_go()
    {
        using var first = NativeFile.OpenDirectory(_directory.FullName);
        using var second = NativeFile.OpenDirectory(_directory.FullName);

        NativeFile.TryLock(first, _directory.FullName).Should().BeTrue();
        NativeFile.TryLock(second, _directory.FullName).Should().BeFalse();
        first.Dispose();
        NativeFile.TryLock(second, _directory.FullName).Should().BeTrue();
    }

    [Fact]
    public void What_may_be_worked_on_is_a_file_without_and_a_directory_with_the_right_to_enter()
    {
        File.WriteAllText(FilePath, "");
        File.SetUnixFileMode(FilePath, OwnerOnly);

        (NativeFile.IsAccessible(FilePath, out var none), none).Should().Be((true, ""));
        (NativeFile.IsAccessible(_directory.FullName, out none), none).Should().Be((true, ""));
        (NativeFile.IsAccessible(FilePath + "/below", out var reason), reason).Should().Be((false, "Not a directory"));
    }

    [Fact]
    public void A_file_that_was_replaced_or_removed_has_moved_until_that_is_taken_for_what_should_be_there()
    {
        var watched = new WatchedFile(FilePath);
        watched.HasMoved.Should().BeFalse("there was none");
        File.WriteAllText(FilePath, "");
        watched.HasMoved.Should().BeTrue();
        watched.Remember();
        File.AppendAllText(FilePath, "more");
        watched.HasMoved.Should().BeFalse();

        File.WriteAllText(FilePath + ".other", "");
        File.Move(FilePath + ".other", FilePath, overwrite: true);
        watched.HasMoved.Should().BeTrue();
        watched.Remember();
        watched.HasMoved.Should().BeFalse();
        File.Delete(FilePath);
        watched.HasMoved.Should().BeTrue();
    }
}
