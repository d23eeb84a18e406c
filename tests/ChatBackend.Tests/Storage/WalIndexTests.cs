using System.Runtime.Versioning;
using ChatBackend.Storage.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace ChatBackend.Tests.Storage;

/// <summary>What another program has done to log and WAL is told by what SQLite's wal-index says of them. The files are made up here, byte by byte.</summary>
[SupportedOSPlatform("linux")]
public sealed class WalIndexTests : IDisposable
{
    private const int Frame = 24 + 4096;
    private const ulong Salt = 0x1122334455667788;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-walindex-");
    private readonly SafeFileHandle _log;
    private readonly OverwrittenFiles _files;

    public WalIndexTests()
    {
        File.WriteAllBytes(Log, new byte[4096]);
        WriteIndex(frames: 3);
        WriteWal(Salt, 32 + (3 * Frame));
        _log = File.OpenHandle(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _files = new OverwrittenFiles(_log, Log);
    }

    private string Log => Path.Combine(_directory.FullName, "chat.db");

    public void Dispose()
    {
        _files.Dispose();
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void Commits_and_checkpoints_leave_nothing_to_find()
    {
        Find().Should().Be(Overwriting.None);
        WriteIndex(frames: 5);
        WriteWal(Salt, 32 + (6 * Frame));
        Find().Should().Be(Overwriting.None, "a commit that is under way is in the WAL before the wal-index has it");

        WriteIndex(frames: 5, done: 5, begun: 5);
        WriteLog(8192);
        Find().Should().Be(Overwriting.None, "a checkpoint wrote into the log");
        WriteIndex(frames: 2, salt: Salt + 1);
        WriteWal(Salt + 1, 32 + (6 * Frame));
        Find().Should().Be(Overwriting.None, "the next round of the WAL has begun");
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(8192)]
    public void A_log_that_changed_without_a_checkpoint_was_overwritten(int length)
    {
        WriteLog(length);

        (Find(), Find()).Should().Be((Overwriting.Log, Overwriting.Log));
        WriteWal(Salt + 1, 32 + (3 * Frame));
        Find().Should().Be(Overwriting.Log, "what becomes of the WAL depends on that");
    }

    [Fact]
    public void What_changes_in_the_log_while_a_checkpoint_is_under_way_is_its_work()
    {
        WriteIndex(frames: 3, done: 1, begun: 3);
        WriteLog(8192);
        Find().Should().Be(Overwriting.None);
        WriteIndex(frames: 3, done: 3, begun: 3);
        Find().Should().Be(Overwriting.None);

        WriteLog(8192);
        Find().Should().Be(Overwriting.Log, "it has ended");
    }

    [Fact]
    public void A_WAL_is_looked_at_while_a_checkpoint_is_under_way()
    {
        WriteIndex(frames: 3, done: 1, begun: 3);
        WriteWal(Salt + 1, 32 + (3 * Frame));

        Find().Should().Be(Overwriting.Wal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(32 + (3 * Frame) - 1)]
    public void A_WAL_that_is_shorter_than_the_frames_that_were_committed_was_truncated(int length)
    {
        WriteWal(Salt, length);

        Find().Should().Be(Overwriting.WalTruncated);
    }

    [Fact]
    public void A_WAL_of_another_round_was_overwritten()
    {
        WriteWal(Salt + 1, 32 + (3 * Frame));

        Find().Should().Be(Overwriting.Wal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void Of_a_WAL_in_which_nothing_was_committed_nothing_can_be_missing(int length)
    {
        WriteIndex(frames: 0);
        WriteWal(Salt + 1, length);

        Find().Should().Be(Overwriting.None);
    }

    [Fact]
    public void Pages_of_64_KiB_are_counted_as_such()
    {
        WriteIndex(frames: 1, pageBytes: 1);
        WriteWal(Salt, 32 + 24 + 65536);
        Find().Should().Be(Overwriting.None);

        WriteWal(Salt, 32 + 24 + 65535);
        Find().Should().Be(Overwriting.WalTruncated);
    }

    [Fact]
    public void A_wal_index_that_is_too_short_says_nothing()
    {
        File.WriteAllBytes(Log + "-shm", new byte[135]);
        WriteWal(Salt + 1, 0);

        Find().Should().Be(Overwriting.None);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_WAL_as_it_was_is_out_of_place_beside_another_log(bool isLogOurs, bool isOutOfPlace) =>
        _files.IsWalOutOfPlace(isLogOurs).Should().Be(isOutOfPlace);

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Another_WAL_is_out_of_place_beside_our_log_and_came_with_another(bool isLogOurs, bool isOutOfPlace)
    {
        WriteWal(Salt + 1, 32 + (3 * Frame));

        _files.IsWalOutOfPlace(isLogOurs).Should().Be(isOutOfPlace);
    }

    [Theory]
    [InlineData(true, 32 + (2 * Frame), false)]
    [InlineData(true, 32 + (2 * Frame) - 1, true)]
    [InlineData(true, 0, true)]
    [InlineData(false, 0, false)]
    public void A_truncated_WAL_is_out_of_place_when_it_would_take_back_what_is_in_the_log(bool isLogOurs, int length, bool isOutOfPlace)
    {
        WriteIndex(frames: 3, done: 2, begun: 2);
        WriteWal(Salt, length);

        _files.IsWalOutOfPlace(isLogOurs).Should().Be(isOutOfPlace);
    }

    private Overwriting Find() => _files.Find();

    /// <summary>Each time it is another time that the file was written at.</summary>
    private void WriteLog(int length)
    {
        var before = File.GetLastWriteTimeUtc(Log);
        Write(Log, new byte[length]);
        File.SetLastWriteTimeUtc(Log, before.AddSeconds(1));
    }

    private void WriteWal(ulong salt, int length)
    {
        var bytes = new byte[Math.Max(32, length)];
        BitConverter.TryWriteBytes(bytes.AsSpan(16), salt).Should().BeTrue();
        Write(Log + "-wal", bytes[..length]);
    }

    /// <summary>As SQLite's file format documents it: frames that are committed, then those that are in the log and those that a checkpoint brings there.</summary>
    private void WriteIndex(uint frames, uint done = 0, uint begun = 0, ulong salt = Salt, ushort pageBytes = 4096)
    {
        var bytes = new byte[32768];
        BitConverter.TryWriteBytes(bytes.AsSpan(14), pageBytes).Should().BeTrue();
        BitConverter.TryWriteBytes(bytes.AsSpan(16), frames).Should().BeTrue();
        BitConverter.TryWriteBytes(bytes.AsSpan(32), salt).Should().BeTrue();
        BitConverter.TryWriteBytes(bytes.AsSpan(96), done).Should().BeTrue();
        BitConverter.TryWriteBytes(bytes.AsSpan(128), begun).Should().BeTrue();
        Write(Log + "-shm", bytes);
    }

    /// <summary>In place, as the files are open.</summary>
    private static void Write(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
        file.Write(bytes);
    }
}
