using System.Buffers.Binary;
using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What lies in a write-ahead log is counted as SQLite would read it; damage is told from what a kill or an earlier round leaves.</summary>
[Trait("failure", "Q24")]
[SupportedOSPlatform("linux")]
public sealed class WalFileTests : IAsyncLifetime
{
    private const int Header = 32;
    private const int Frame = 24 + 4096;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-wal-");
    private SqliteLogHost _host = null!;
    private LogWriter _writer = null!;

    private string Database => Path.Combine(_directory.FullName, "chat.db");

    private string Copy => Path.Combine(_directory.FullName, "copy", "chat.db");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Copy)!);
        _host = await SqliteLogHost.StartAsync(_directory.FullName);
        _writer = await LogWriter.StartAsync(_host.Log);
        for (var i = 0; i < 10; i++)
        {
            await _writer.AppendAsync(new string('x', 5000));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void All_of_a_whole_one_is_read()
    {
        var bytes = CopyWal();

        WalFile.Read(Copy).Should().Be(new WalFile(FramesOf(bytes), 0, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Frame - 1)]
    public void Half_a_frame_that_a_kill_left_at_its_end_is_not_damage(int length)
    {
        var bytes = CopyWal();
        Save([.. bytes, .. bytes[Header..(Header + length)]]);

        WalFile.Read(Copy).Should().Be(new WalFile(FramesOf(bytes), 0, 0));
    }

    [Fact]
    public async Task Frames_of_an_earlier_round_behind_the_end_are_not_damage()
    {
        using (var other = SqliteLogHost.Connect(_directory.FullName))
        {
            using var command = other.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(RESTART)"; // the file keeps its length, and the next commit begins at its start
            command.ExecuteScalar().Should().Be(0L);
        }

        await _writer.AppendAsync("of the next round");
        var bytes = CopyWal();

        var read = WalFile.Read(Copy)!;
        (read.IsDamaged, read.CommitsBehind, read.FramesMissing).Should().Be((false, 0, 0));
        read.Frames.Should().BePositive().And.BeLessThan(FramesOf(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(4119)]
    public void A_damaged_byte_in_the_first_frame_leaves_nothing_that_can_be_read(int at)
    {
        var bytes = CopyWal();
        var frames = FramesOf(bytes);
        bytes[Header + at] ^= 1;
        Save(bytes);

        var read = WalFile.Read(Copy)!;

        (read.IsDamaged, read.Frames, read.FramesMissing).Should().Be((true, 0, frames));
        read.CommitsBehind.Should().BeGreaterThanOrEqualTo(10);
    }

    [Fact]
    public void A_damaged_last_commit_alone_is_missed_by_the_index_that_knows_of_it()
    {
        var bytes = CopyWal();
        bytes[^1] ^= 1;
        Save(bytes);

        var read = WalFile.Read(Copy)!;

        (read.IsDamaged, read.CommitsBehind).Should().Be((true, 1));
        read.FramesMissing.Should().Be(FramesOf(bytes) - read.Frames).And.BePositive();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    public void A_damaged_header_leaves_nothing_that_can_be_read(int at)
    {
        var bytes = CopyWal();
        var frames = FramesOf(bytes);
        bytes[at] ^= 1;
        Save(bytes);

        WalFile.Read(Copy).Should().Be(new WalFile(0, 0, frames));
        Save(bytes[..(Header - 1)]);
        WalFile.Read(Copy).Should().Be(new WalFile(0, 0, frames));
    }

    [Fact]
    public void Without_an_index_only_what_lies_behind_tells_of_damage()
    {
        var bytes = CopyWal();
        File.Delete(Copy + "-shm");
        WalFile.Read(Copy).Should().Be(new WalFile(FramesOf(bytes), 0, 0));

        Save(bytes[..^Frame]);

        WalFile.Read(Copy)!.IsDamaged.Should().BeFalse();
    }

    [Fact]
    public void None_and_an_empty_one_hold_nothing()
    {
        WalFile.Read(Copy).Should().BeNull();
        CopyWal();
        Save([]);
        WalFile.Read(Copy).Should().BeNull();
    }

    [Theory]
    [InlineData(12)]
    [InlineData(32)]
    [InlineData(39)]
    public void An_index_that_is_not_in_use_or_of_another_round_misses_nothing(int at)
    {
        var bytes = CopyWal();
        Save(bytes[..^Frame]);
        var index = File.ReadAllBytes(Copy + "-shm");
        index[at] ^= 1;
        File.WriteAllBytes(Copy + "-shm", index);

        WalFile.Read(Copy)!.FramesMissing.Should().Be(0);
    }

    [Theory]
    [InlineData(48, true)]
    [InlineData(47, false)]
    public void An_index_that_is_too_short_misses_nothing(int length, bool isMissed)
    {
        var bytes = CopyWal();
        Save(bytes[..(Header - 1)]);
        File.WriteAllBytes(Copy + "-shm", File.ReadAllBytes(Copy + "-shm")[..length]);

        WalFile.Read(Copy).Should().Be(new WalFile(0, 0, isMissed ? FramesOf(bytes) : 0));
    }

    [Fact]
    public void More_frames_than_the_index_knows_of_are_none_that_are_missing()
    {
        var bytes = CopyWal();
        var index = File.ReadAllBytes(Copy + "-shm");
        BitConverter.TryWriteBytes(index.AsSpan(16), 1u).Should().BeTrue();
        File.WriteAllBytes(Copy + "-shm", index);

        WalFile.Read(Copy).Should().Be(new WalFile(FramesOf(bytes), 0, 0));
    }

    [Fact]
    public void One_that_a_machine_of_the_other_byte_order_wrote_is_read_alike()
    {
        var bytes = CopyWal();
        var frames = FramesOf(bytes);
        Reorder(bytes);
        Save(bytes);

        WalFile.Read(Copy).Should().Be(new WalFile(frames, 0, 0));
        bytes[^1] ^= 1;
        Save(bytes);
        WalFile.Read(Copy)!.CommitsBehind.Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_check_tells_what_it_lacks(bool isDamaged)
    {
        var bytes = CopyWal();
        bytes[^1] ^= 1;
        Save(isDamaged ? bytes : bytes[..^Frame]);
        var read = WalFile.Read(Copy)!;
        (read.CommitsBehind, read.FramesMissing > 0).Should().Be((isDamaged ? 1 : 0, true));
        using var output = new StringWriter();

        OperatorCommand.Run(["check", $"--DataDirectory={Path.GetDirectoryName(Copy)}"], output).Should().Be(1);

        output.ToString().Split('\n').Where(line => line.StartsWith("write-ahead", StringComparison.Ordinal)).Should().Equal(
        [
            .. isDamaged ? new[] { "write-ahead log: 1 commits lie behind a damaged page and are not read" } : [],
            $"write-ahead log: {read.FramesMissing} pages are missing at its end",
        ]);
    }

    /// <summary>As SQLite's file format documents it: the magic number says in which order the words are that the sums are made of.</summary>
    private static void Reorder(byte[] wal)
    {
        wal[3] ^= 1;
        var isBigEndian = (wal[3] & 1) != 0;
        var (first, second) = (0u, 0u);
        Sum(wal.AsSpan(0, 24));
        Put(wal.AsSpan(24));
        for (var at = Header; at < wal.Length; at += Frame)
        {
            Sum(wal.AsSpan(at, 8));
            Sum(wal.AsSpan(at + 24, 4096));
            Put(wal.AsSpan(at + 16));
        }

        void Sum(ReadOnlySpan<byte> words)
        {
            for (; words.Length > 0; words = words[8..])
            {
                first += Word(words) + second;
                second += Word(words[4..]) + first;
            }
        }

        void Put(Span<byte> sums)
        {
            BinaryPrimitives.WriteUInt32BigEndian(sums, first);
            BinaryPrimitives.WriteUInt32BigEndian(sums[4..], second);
        }

        uint Word(ReadOnlySpan<byte> word) => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(word) : BinaryPrimitives.ReadUInt32LittleEndian(word);
    }

    private static long FramesOf(byte[] wal)
    {
        ((wal.Length - Header) % Frame).Should().Be(0);
        return (wal.Length - Header) / Frame;
    }

    /// <summary>As it lies there when the process is killed now.</summary>
    private byte[] CopyWal()
    {
        foreach (var end in new[] { "", "-wal", "-shm" })
        {
            LogFileTests.Run("cp", Database + end, Copy + end);
        }

        return File.ReadAllBytes(Copy + "-wal");
    }

    private void Save(byte[] bytes) => File.WriteAllBytes(Copy + "-wal", bytes);
}
