using System.Runtime.Versioning;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>One process in a data directory, which it makes when it is not there and refuses when it cannot work in it.</summary>
[SupportedOSPlatform("linux")]
public sealed class DirectoryLockTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-data-");

    private string Data => Path.Combine(_base.FullName, "data");

    private string LockPath => Path.Combine(Data, "lock");

    public void Dispose() => _base.Delete(recursive: true);

    [Fact]
    public void A_directory_that_is_not_there_is_made_for_its_owner_alone()
    {
        using var data = Open();

        (data.Path, data.WasOpenToOthers, File.GetUnixFileMode(Data)).Should().Be((Data, false, OwnerOnly));
        data.CreateFolder("keys").Should().Be(Path.Combine(Data, "keys"));
        data.CreateFolder("keys").Should().Be(data.File("keys"), "it may be there");
        File.GetUnixFileMode(data.File("keys")).Should().Be(OwnerOnly);
        data.Write("note", "kept"u8);
        File.ReadAllText(data.File("note")).Should().Be("kept");
    }

    [Fact]
    public void A_directory_that_was_just_made_is_there_after_a_power_cut()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.Ext4(mebibytes: 32);
        var path = Path.Combine(disk.Path, "data");
        Open(path).Dispose();

        disk.CutPower();

        Directory.Exists(path).Should().BeTrue();
    }

    [Fact]
    public void A_link_to_the_directory_leads_to_the_one_that_is_locked()
    {
        Open().Dispose();
        var link = Path.Combine(_base.FullName, "link");
        Directory.CreateSymbolicLink(link, Data);

        using var data = Open(link);

        data.Path.Should().Be(Data);
        FluentActions.Invoking(() => Open()).Should().Throw<DirectoryInUseException>();
    }

    [Theory]
    [InlineData(UnixFileMode.OtherExecute)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.None)]
    public void One_that_others_may_look_into_is_made_private_and_known_to_have_been_open(UnixFileMode others)
    {
        Directory.CreateDirectory(Data);
        File.SetUnixFileMode(Data, OwnerOnly | others);

        using var data = Open();

        (data.WasOpenToOthers, File.GetUnixFileMode(Data)).Should().Be((others != UnixFileMode.None, OwnerOnly));
    }

    [Fact]
    public void One_that_cannot_be_made_is_told_with_what_to_do()
    {
        File.WriteAllText(Path.Combine(_base.FullName, "file"), "");
        var path = Path.Combine(_base.FullName, "file", "data");

        FluentActions.Invoking(() => Open(path)).Should().Throw<InvalidOperationException>()
            .WithMessage($"{path} does not exist and cannot be made (*). Make it and give it to the user that the server runs as (chown), or name another data directory: --DataDirectory=<path>.");
    }

    [Theory]
    [InlineData("chat.db")]
    [InlineData("chat.db-wal")]
    [InlineData("chat.db-shm")]
    [InlineData("search.db")]
    [InlineData("search.db-wal")]
    [InlineData("search.db-shm")]
    [InlineData("keys")]
    [InlineData("keys/key-1.xml")]
    [InlineData("lock")]
    public void What_is_needed_and_cannot_be_read_and_written_ends_the_start(string name)
    {
        var path = Path.Combine(Data, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, Path.Combine(_base.FullName, "nowhere"));

        FluentActions.Invoking(() => Open()).Should().Throw<InvalidOperationException>().WithMessage(
            $"{path} cannot be read and written by the user that the server runs as: No such file or directory. Give the data directory {Data} and all in it to that user (chown -R), with mode 700.");
        File.Delete(path);
        Open().Dispose();
    }

    [Fact]
    public void A_directory_that_cannot_be_written_ends_the_start()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.InMemory(64);
        File.SetUnixFileMode(disk.Path, OwnerOnly);
        LogFileTests.Run("mount", "-o", "remount,ro", disk.Path);

        FluentActions.Invoking(() => Open(disk.Path)).Should().Throw<InvalidOperationException>()
            .WithMessage($"{disk.Path} cannot be read and written by the user that the server runs as: Read-only file system.*");
    }

    [Fact]
    public void What_another_user_owns_is_left_as_it_is_inside_and_ends_the_start_when_it_is_the_directory()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.Ext4(mebibytes: 32);
        var path = Path.Combine(disk.Path, "data");
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.OtherRead);
        using var theirs = new Immutable(path);

        FluentActions.Invoking(() => Open(path)).Should().Throw<InvalidOperationException>()
            .WithMessage($"The data directory {path} can be read by other users and belongs to another one, so that it cannot be made private. Give it *(chown)*--DataDirectory=<path>.");

        theirs.Dispose();
        var (note, other) = (Path.Combine(path, "note"), Path.Combine(path, "other"));
        File.WriteAllText(note, "");
        File.WriteAllText(other, "");
        File.SetUnixFileMode(note, OwnerOnly | UnixFileMode.OtherRead);
        File.SetUnixFileMode(other, OwnerOnly | UnixFileMode.OtherRead);
        using var file = new Immutable(note);
        Open(path).Dispose();
        (File.GetUnixFileMode(note), File.GetUnixFileMode(other)).Should().Be((OwnerOnly | UnixFileMode.OtherRead, OwnerOnly));
    }

    [Fact]
    public void What_an_earlier_version_holds_which_knows_of_the_file_alone_is_in_use()
    {
        Directory.CreateDirectory(Data);
        using (new FileStream(LockPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            FluentActions.Invoking(() => Open()).Should().Throw<DirectoryInUseException>()
                .WithMessage($"The data directory {Data} is in use by another process. Give this one its own: --DataDirectory=<path>.");
        }

        using var data = Open();
        File.Delete(LockPath);
        FluentActions.Invoking(() => Open()).Should().Throw<DirectoryInUseException>("the directory itself is locked");
    }

    [Fact]
    public void A_start_that_failed_leaves_the_directory_to_the_next()
    {
        Directory.CreateDirectory(LockPath);
        FluentActions.Invoking(() => Open()).Should().Throw<InvalidOperationException>().WithMessage($"The data directory {Data} cannot be locked: *");

        Directory.Delete(LockPath);

        Open().Dispose();
        Open().Dispose();
    }

    [Fact]
    public void A_lock_that_was_put_back_is_its_owners_alone_and_is_let_go_with_the_directory()
    {
        using (var data = Open())
        {
            data.ThrowIfNotHeld();
            File.Delete(LockPath);
            data.ThrowIfNotHeld();
            data.ThrowIfNotHeld();

            File.GetUnixFileMode(LockPath).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(entry => new FileInfo(entry).LinkTarget)
                .Where(target => target is not null && target.StartsWith(LockPath, StringComparison.Ordinal)).Should().Equal(LockPath);
            FluentActions.Invoking(() => new FileStream(LockPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose()).Should().Throw<IOException>("it is held");
        }

        Open().Dispose();
    }

    [Fact]
    public void A_lock_that_another_holds_by_now_is_told_and_not_taken()
    {
        using var data = Open();
        File.Delete(LockPath);
        using (new FileStream(LockPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            data.Invoking(held => held.ThrowIfNotHeld()).Should().Throw<LogUnavailableException>().WithMessage(
                $"The lock of the data directory, {LockPath}, was removed or replaced and cannot be had again (*in use by another process*). End the other process, or restart this one.");
        }

        data.Invoking(held => held.ThrowIfNotHeld()).Should().NotThrow();
    }

    private DataDirectory Open(string? path = null) =>
        new(path ?? Data);

    /// <summary>Not even root may change it: like another user's file for all other users.</summary>
    private sealed class Immutable : IDisposable
    {
        private readonly string _path;
        private bool _isOver;

        public Immutable(string path)
        {
            _path = path;
            LogFileTests.Run("chattr", "+i", path);
        }

        public void Dispose()
        {
            if (!_isOver)
            {
                _isOver = true;
                LogFileTests.Run("chattr", "-i", _path);
            }
        }
    }
}
