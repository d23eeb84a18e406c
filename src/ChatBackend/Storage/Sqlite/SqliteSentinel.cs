using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// A connection that is held open beside all others and never used for work: it tells whether log and WAL are still under their names, and
/// keeps what is in them within reach when they are not.
/// </summary>
internal sealed class SqliteSentinel : IDisposable
{
    private const int NoCheckpointOnClose = 1006;

    private readonly SqliteConnection _connection;
    private readonly SafeFileHandle _log;
    private readonly string _path;
    private readonly WatchedFile _wal;
    private readonly WatchedFile _index;
    private readonly OverwrittenFiles _overwritten;
    private volatile Overwriting _found;
    private bool _isWalAside;
    private (long Length, DateTime Written) _refused;

    public SqliteSentinel(SqliteConnection connection, string path)
    {
        (_connection, _path) = (connection, path);
        (_wal, _index) = (new WatchedFile(path + "-wal"), new WatchedFile(path + "-shm"));
        try
        {
            // A connection that has read nothing has not opened the WAL yet.
            LogId = (string)Query("SELECT id FROM store");
            _wal.Remember();
            _index.Remember();
            _log = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _overwritten = new OverwrittenFiles(_log, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public string LogId { get; }

    public bool HasLogMoved => SqliteFileIdentity.HasMoved(_connection);

    public bool HasWalMoved => _wal.HasMoved || _index.HasMoved;

    /// <summary>Once it is so it stays: what was overwritten does not come back.</summary>
    public bool IsOverwritten => _found != Overwriting.None || (_found = _overwritten.Find()) != Overwriting.None;

    /// <exception cref="LogUnavailableException">Another program wrote into the files.</exception>
    public void ThrowIfOverwritten()
    {
        if (!IsOverwritten)
        {
            return;
        }

        var how = _found switch
        {
            Overwriting.Log => $"The event log {_path} was overwritten in place by another program",
            Overwriting.Wal => $"The write-ahead log beside {_path} was overwritten in place by another program",
            _ => $"The write-ahead log beside {_path} was truncated by another program",
        };
        throw new LogUnavailableException(
            $"{how}. Nothing of it is used any more: stop the server, then `restore` the newest backup, or start on what is there now.");
    }

    /// <summary>Keeps SQLite from replaying the WAL over a log that it does not belong to, at the next start too.</summary>
    public void SetWalAside()
    {
        if (_isWalAside || _wal.HasMoved || !_overwritten.IsWalOutOfPlace(isLogOurs: !HasLogMoved && _found != Overwriting.Log))
        {
            return;
        }

        try
        {
            File.Move(_path + "-wal", _path + "-wal.aside", overwrite: true);
            _isWalAside = true;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new LogUnavailableException($"The write-ahead log of {_path} belongs to another log now and cannot be set aside: {ex.Message}", ex);
        }
    }

    /// <summary>The log that it belongs to is back.</summary>
    public void PutWalBack()
    {
        if (_isWalAside && File.Exists(_path + "-wal.aside") && !File.Exists(_path + "-wal"))
        {
            File.Move(_path + "-wal.aside", _path + "-wal");
        }

        _isWalAside = false;
    }

    /// <summary>
    /// Whether what stands in the log's place is the same in every byte. Only then does the WAL belong to it: over an older copy SQLite would
    /// replay it all the same, and mix two states.
    /// </summary>
    public bool IsSameLog()
    {
        var found = new FileInfo(_path);
        if (!found.Exists || found.Length != RandomAccess.GetLength(_log) || _refused == (found.Length, found.LastWriteTimeUtc))
        {
            return false;
        }

        using var other = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var (ours, theirs) = (new byte[1 << 20], new byte[1 << 20]);
        for (long at = 0, read; (read = RandomAccess.Read(_log, ours, at)) > 0; at += read)
        {
            if (RandomAccess.Read(other, theirs.AsSpan(0, (int)read), at) != read || !ours.AsSpan(0, (int)read).SequenceEqual(theirs.AsSpan(0, (int)read)))
            {
                _refused = (found.Length, found.LastWriteTimeUtc);
                return false;
            }
        }

        return true;
    }

    /// <summary>Brings everything that is in the WAL into the log, also when the WAL has no name any more.</summary>
    /// <exception cref="LogUnavailableException">A reader holds it up, or the disk has no room.</exception>
    public void BringHome()
    {
        try
        {
            if (Query("PRAGMA wal_checkpoint(TRUNCATE)") is not 0L)
            {
                throw new LogUnavailableException($"The write-ahead log of {_path} cannot be brought into the log while it is being read.");
            }
        }
        catch (SqliteException ex)
        {
            throw SqliteErrors.ToUnavailable(ex);
        }
    }

    public void Dispose()
    {
        if (HasLogMoved || HasWalMoved || IsOverwritten)
        {
            // The last connection that closes would replay or delete what stands under the WAL's name.
            _ = raw.sqlite3_db_config(_connection.Handle, NoCheckpointOnClose, 1, out _);
        }

        _connection.Dispose();
        // After it: closing any descriptor of a file gives up the locks that the process has on it.
        _overwritten.Dispose();
        _log.Dispose();
    }

    private object Query(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!;
    }
}
