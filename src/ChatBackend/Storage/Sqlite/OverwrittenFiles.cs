using Microsoft.Win32.SafeHandles;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What another program has done to the log's files in place, where they keep their names.</summary>
internal enum Overwriting
{
    None,
    Log,
    Wal,
    WalTruncated,
}

/// <summary>
/// Tells whether another program wrote into log or WAL. SQLite writes into the log only in a checkpoint, and every checkpoint, also one of another
/// program, leaves its trace in the wal-index before its first write: a log that changed while the wal-index did not was overwritten. A WAL is
/// overwritten when its header is not the one that the wal-index knows, and truncated when it is shorter than that says, or its header is a hole:
/// a commit that was under way has written behind the place where it was cut off.
/// </summary>
internal sealed class OverwrittenFiles : IDisposable
{
    private const int WalHeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const int IndexBytes = 136;
    private const int Attempts = 3;

    private readonly SafeFileHandle _log;
    private readonly SafeFileHandle _wal;
    private readonly SafeFileHandle _index;
    private Known _known;

    /// <param name="log">Stays the caller's.</param>
    /// <param name="path">Of the log; WAL and wal-index beside it must be in use.</param>
    public OverwrittenFiles(SafeFileHandle log, string path)
    {
        _log = log;
        _wal = Open(path + "-wal");
        _index = Open(path + "-shm");
        _known = new Known(ReadWritten(), ReadIndex().Checkpoint);
    }

    public Overwriting Find()
    {
        var (known, written, index) = (Volatile.Read(ref _known), ReadWritten(), ReadIndex());
        return written == known.Written && index.Checkpoint == known.Checkpoint && LookAtWal(index) == Overwriting.None
            ? Overwriting.None
            : FindWhileNothingMoves();
    }

    /// <summary>Whether the WAL would take back what is in the log already, or belongs to another log.</summary>
    /// <param name="isLogOurs">False when another log stands where this one was.</param>
    public bool IsWalOutOfPlace(bool isLogOurs)
    {
        var index = ReadIndex();
        return LookAtWal(index) switch
        {
            // Put there together with the log.
            Overwriting.Wal => isLogOurs,
            Overwriting.WalTruncated => isLogOurs && (ReadWalSalt() is null || RandomAccess.GetLength(_wal) < index.BytesOf(index.Checkpoint.Done)),
            _ => !isLogOurs,
        };
    }

    /// <remarks>To be called after the connection is closed: closing any descriptor of a file gives up the locks that the process has on it.</remarks>
    public void Dispose()
    {
        _wal.Dispose();
        _index.Dispose();
    }

    /// <summary>Commits and checkpoints go on beside a look, so that only what was seen between two equal states of the wal-index counts.</summary>
    private Overwriting FindWhileNothingMoves()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var known = Volatile.Read(ref _known);
            var before = ReadIndex();
            var (written, wal) = (ReadWritten(), LookAtWal(before));
            if (ReadIndex() != before)
            {
                continue;
            }

            // The log first: what becomes of a foreign WAL depends on whether the log is foreign too.
            if (!before.Checkpoint.IsUnderWay && written != known.Written && before.Checkpoint == known.Checkpoint)
            {
                return Overwriting.Log;
            }

            if (wal != Overwriting.None || before.Checkpoint.IsUnderWay)
            {
                return wal;
            }

            Volatile.Write(ref _known, new Known(written, before.Checkpoint));
            return Overwriting.None;
        }

        // The next look decides: there is one after each commit and at least once a second.
        return Overwriting.None;
    }

    private Overwriting LookAtWal(Index index)
    {
        if (index.Frames == 0)
        {
            return Overwriting.None;
        }

        return ReadWalSalt() is not { } salt ? Overwriting.WalTruncated
            : salt != index.Checkpoint.Salt ? Overwriting.Wal
            : RandomAccess.GetLength(_wal) < index.BytesOf(index.Frames) ? Overwriting.WalTruncated
            : Overwriting.None;
    }

    /// <summary>Null when the WAL has no header.</summary>
    private ulong? ReadWalSalt()
    {
        Span<byte> header = stackalloc byte[WalHeaderBytes];
        return RandomAccess.Read(_wal, header, 0) < WalHeaderBytes || !header.ContainsAnyExcept((byte)0) ? null : BitConverter.ToUInt64(header[16..]);
    }

    private Written ReadWritten() => new(RandomAccess.GetLength(_log), File.GetLastWriteTimeUtc(_log));

    private Index ReadIndex()
    {
        Span<byte> index = stackalloc byte[IndexBytes];
        if (RandomAccess.Read(_index, index, 0) < IndexBytes)
        {
            return default;
        }

        var pageBytes = BitConverter.ToUInt16(index[14..]);
        return new Index(
            BitConverter.ToUInt32(index[16..]),
            pageBytes == 1 ? 65536 : pageBytes,
            new Checkpoint(BitConverter.ToUInt64(index[32..]), BitConverter.ToUInt32(index[96..]), BitConverter.ToUInt32(index[128..])));
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private readonly record struct Written(long Length, DateTime At);

    /// <param name="Salt">Another one for each round of the WAL.</param>
    /// <param name="Done">Frames that are in the log.</param>
    /// <param name="Begun">Frames that the newest checkpoint brings there: set before its first write.</param>
    private readonly record struct Checkpoint(ulong Salt, uint Done, uint Begun)
    {
        public bool IsUnderWay => Begun > Done;
    }

    private readonly record struct Index(uint Frames, int PageBytes, Checkpoint Checkpoint)
    {
        public long BytesOf(uint frames) => WalHeaderBytes + (frames * (long)(FrameHeaderBytes + PageBytes));
    }

    private sealed record Known(Written Written, Checkpoint Checkpoint);
}
