using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The file, how it is opened, and what is done when it or its WAL is no longer what this process works on.</summary>
internal sealed partial class SqliteDatabase(string path, ILogger? logger = null) : IDisposable
{
    // FULL: a commit is on the disk when it returns. A checkpoint every 16 MiB costs one more sync for many commits;
    // the size limit gives back what a burst took.
    private const string ToWrite = """
        PRAGMA busy_timeout = 2000;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 4096;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -16384;
        PRAGMA temp_store = MEMORY;
        """;

    private static readonly TimeSpan ReadersMayTake = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private readonly object _gate = new();

    private SqliteSentinel? _sentinel;
    private SqliteSentinel? _retired;
    private string? _logId;
    private int _open;
    private bool _closed;

    /// <summary>The id in the file that this process works on.</summary>
    public string LogId => _logId ?? throw new InvalidOperationException("The event log is not open yet: StorageStartup opens it when the host starts.");

    /// <summary>All connections must be closed, because the files are to be opened again: to be called on a connection's return, too.</summary>
    public event Action? Reopening;

    public string Path => path;

    public bool IsReopening => Volatile.Read(ref _sentinel) is null;

    /// <summary>Opens the file, which may be new, when the process starts.</summary>
    public SqliteConnection OpenFirst()
    {
        var isNew = new FileInfo(path) is not { Exists: true, Length: > 0 };
        if (!File.Exists(path))
        {
            // SQLite would let others read it; what lies beside it takes its mode from it.
            DurableFile.Create(path).Dispose();
            DurableFile.SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
        }

        // Only before the first page: what is freed later can be given back in small steps.
        return Open(SqliteOpenMode.ReadWrite, isNew ? "PRAGMA auto_vacuum = INCREMENTAL;" + ToWrite : ToWrite);
    }

    /// <summary>It never creates a file: one that is lost stays lost until it is put back.</summary>
    public SqliteConnection OpenAgain() => Open(SqliteOpenMode.ReadWrite);

    public SqliteConnection OpenToRead() => Open(SqliteOpenMode.ReadWrite, "PRAGMA busy_timeout = 2000");

    /// <summary>Takes the log that is there now for the one that this process works on.</summary>
    public void TrackCurrentFile()
    {
        var sentinel = new SqliteSentinel(OpenAgain(), path);
        _logId = sentinel.LogId;
        _sentinel = sentinel;
    }

    /// <summary>
    /// To be called before a connection is opened, since opening what stands in the log's place could destroy what belongs to the log;
    /// and before a commit is acknowledged, since what went into a file without a name can never be found.
    /// </summary>
    /// <exception cref="LogUnavailableException">The log or its WAL is gone, or another stands in its place.</exception>
    public void ThrowIfLost()
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new LogUnavailableException("The event log is closed: the server is stopping.");
            }

            if (_sentinel is not { } sentinel)
            {
                throw new LogUnavailableException($"The event log {path} is being opened again.");
            }

            if (sentinel.HasLogMoved)
            {
                throw Lost();
            }

            sentinel.ThrowIfOverwritten();
            if (sentinel.HasWalMoved)
            {
                throw new LogUnavailableException(
                    $"The write-ahead log beside {path} was removed or replaced while the server runs. What is in it is brought into the log, and a new one begun.");
            }
        }
    }

    /// <summary>To be called after a read: what it found may be a mix of two logs.</summary>
    /// <exception cref="LogUnavailableException">Another program wrote into the files.</exception>
    public void ThrowIfOverwritten()
    {
        lock (_gate)
        {
            _sentinel?.ThrowIfOverwritten();
        }
    }

    public LogUnavailableException Lost() => new(File.Exists(path)
        ? $"The event log {path} was replaced by another file: an older copy, or the log of another server. Put back the one that was there, or restart the server to work on this one."
        : $"The event log {path} was removed. It is used again as soon as the same log is back in its place.");

    /// <summary>Makes the files whole where that is possible without losing anything. For the writer, while it has no connection.</summary>
    /// <returns>Whether what waits may be written now. After a WAL was lost it is refused first: that there was trouble should show.</returns>
    /// <exception cref="LogUnavailableException">It is not possible now.</exception>
    public bool Recover()
    {
        var isWalLost = false;
        if (_sentinel is { } sentinel)
        {
            ThrowIfForeign(sentinel);
            if (!sentinel.HasLogMoved)
            {
                if (!sentinel.HasWalMoved)
                {
                    return true;
                }

                isWalLost = true;
                sentinel.BringHome();
            }
        }

        CloseAll();
        TrackCurrentFile();
        return !isWalLost;
    }

    /// <summary>Everything into the one file, so that it can be copied.</summary>
    public void BringHome()
    {
        if (_sentinel is { } sentinel)
        {
            ThrowIfForeign(sentinel);
            if (!sentinel.HasLogMoved)
            {
                sentinel.BringHome();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _sentinel?.Dispose();
            _sentinel = null;
        }
    }

    /// <summary>Leaves no WAL beside a log that it does not belong to, and puts it back when its own log is there again.</summary>
    private void ThrowIfForeign(SqliteSentinel sentinel)
    {
        if (sentinel.IsOverwritten)
        {
            sentinel.SetWalAside();
            sentinel.ThrowIfOverwritten();
        }

        if (sentinel.HasLogMoved)
        {
            if (!File.Exists(path))
            {
                throw Lost();
            }

            if (!sentinel.IsSameLog())
            {
                sentinel.SetWalAside();
                throw Lost();
            }
        }

        sentinel.PutWalBack();
        if (sentinel.HasLogMoved && sentinel.HasWalMoved)
        {
            throw Lost();
        }
    }

    /// <summary>Connections of one process share what they know of the WAL: a new one is only whole when no old one is left.</summary>
    private void CloseAll()
    {
        lock (_gate)
        {
            _retired ??= _sentinel;
            _sentinel = null;
        }

        Reopening?.Invoke();
        lock (_gate)
        {
            var deadline = TimeProvider.System.GetTimestamp();
            while (_open > 1)
            {
                var left = ReadersMayTake - TimeProvider.System.GetElapsedTime(deadline);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    throw new LogUnavailableException($"The event log {path} is opened again as soon as the reads that are under way have ended.");
                }
            }
        }

        if (_retired is { } retired)
        {
            var isWalForeign = retired.HasWalMoved;
            retired.Dispose();
            _retired = null;
            if (isWalForeign)
            {
                SetForeignWalAside();
                LogRescued(path);
            }
            else
            {
                LogReplaced(path);
            }
        }
    }

    /// <summary>SQLite would replay any valid WAL that it finds there, over a log that it does not belong to.</summary>
    private void SetForeignWalAside()
    {
        var wal = path + "-wal";
        if (new FileInfo(wal) is { Exists: true, Length: > 0 })
        {
            File.Move(wal, wal + ".aside", overwrite: true);
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode, string pragmas = ToWrite)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            ForeignKeys = true,
            // How long the driver repeats what SQLite already waited for; 0 would be without end.
            DefaultTimeout = 1,
        }.ToString());
        Count(+1);
        connection.Disposed += (_, _) => Count(-1);
        try
        {
            connection.Open();
            connection.Execute(pragmas);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Count(int change)
    {
        lock (_gate)
        {
            _open += change;
            Monitor.PulseAll(_gate);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The write-ahead log beside {Path} was removed or replaced while the server runs. All that was acknowledged has been brought into the log, and a new one is in use. Never delete it under a running server.")]
    private partial void LogRescued(string path);

    [LoggerMessage(LogLevel.Warning, "The event log {Path} was replaced by a copy that is the same in every byte; it is used from now on.")]
    private partial void LogReplaced(string path);
}
