using System.Buffers.Binary;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What a write-ahead log holds, read from the file itself: SQLite stops in silence at the first frame that is not whole.</summary>
/// <param name="Frames">Pages up to the last commit that can be read.</param>
/// <param name="CommitsBehind">Commits of the same log behind the first frame that cannot be read: they would be dropped.</param>
/// <param name="FramesMissing">Frames that its index knows of, and that are not in the file any more.</param>
internal sealed record WalFile(long Frames, int CommitsBehind, long FramesMissing)
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const uint Magic = 0x377f0682;

    public bool IsDamaged => CommitsBehind > 0 || FramesMissing > 0;

    /// <summary>Null when there is none, or an empty one.</summary>
    /// <param name="path">Of the log, not of its WAL.</param>
    public static WalFile? Read(string path)
    {
        if (new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 })
        {
            return null;
        }

        using var file = new FileStream(path + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return new WalFile(0, 0, IndexedFrames(path, salt: null));
        }

        var pageBytes = (int)BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        var checksum = new Checksum(isBigEndian: (BinaryPrimitives.ReadUInt32BigEndian(header) & 1) != 0);
        checksum.Add(header[..24]);
        if ((BinaryPrimitives.ReadUInt32BigEndian(header) & ~1u) != Magic || pageBytes is < 512 or > 65536 || !checksum.IsAt(header[24..]))
        {
            return new WalFile(0, 0, IndexedFrames(path, salt: null));
        }

        var salt = header[16..24].ToArray();
        var (frames, isWhole, commitsBehind) = (0L, true, 0);
        var frame = new byte[FrameHeaderBytes + pageBytes];
        for (var number = 1L; file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length; number++)
        {
            var isOfThisLog = frame.AsSpan(8, 8).SequenceEqual(salt);
            if (isWhole)
            {
                checksum.Add(frame.AsSpan(0, 8));
                checksum.Add(frame.AsSpan(FrameHeaderBytes));
                isWhole = isOfThisLog && checksum.IsAt(frame.AsSpan(16, 8));
            }

            var isCommit = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) != 0;
            frames = isWhole && isCommit ? number : frames;
            commitsBehind += !isWhole && isOfThisLog && isCommit ? 1 : 0;
        }

        return new WalFile(frames, commitsBehind, Math.Max(0, IndexedFrames(path, salt) - frames));
    }

    /// <summary>How many frames the index beside it knows of; it outlives a process that was killed, and nothing else.</summary>
    private static long IndexedFrames(string path, byte[]? salt)
    {
        var index = new FileInfo(path + "-shm");
        Span<byte> header = stackalloc byte[48];
        if (!index.Exists)
        {
            return 0;
        }

        using var file = new FileStream(index.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
            && header[12] != 0
            && (salt is null || header.Slice(32, 8).SequenceEqual(salt))
                ? BitConverter.ToUInt32(header[16..])
                : 0;
    }

    /// <summary>SQLite's sum over pairs of words, each frame's going on from that of the one before.</summary>
    private struct Checksum(bool isBigEndian)
    {
        private uint _first;
        private uint _second;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                _first += Word(bytes) + _second;
                _second += Word(bytes[4..]) + _first;
            }
        }

        public readonly bool IsAt(ReadOnlySpan<byte> stored) =>
            BinaryPrimitives.ReadUInt32BigEndian(stored) == _first && BinaryPrimitives.ReadUInt32BigEndian(stored[4..]) == _second;

        private readonly uint Word(ReadOnlySpan<byte> bytes) =>
            isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
