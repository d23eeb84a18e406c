using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The file, how it is opened, and whether it still is the one that this process started with.</summary>
internal sealed class SqliteDatabase(string path) : IDisposable
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

    private readonly Lock _gate = new();

    // Held open and never used but to ask whether the path still leads to it.
    private SqliteConnection? _sentinel;
    private string? _identity;
    private bool _closed;

    /// <summary>The id in the file that this process works on.</summary>
    public string LogId => _identity ?? throw new InvalidOperationException("The event log is not open yet: StorageStartup opens it when the host starts.");

    /// <summary>Opens the file, which may be new, when the process starts.</summary>
    public SqliteConnection OpenFirst() => Open(SqliteOpenMode.ReadWriteCreate);

    /// <summary>It never creates a file: one that is lost stays lost until somebody puts it back.</summary>
    public SqliteConnection OpenAgain() => Open(SqliteOpenMode.ReadWrite);

    public SqliteConnection OpenToRead() => Open(SqliteOpenMode.ReadWrite, "PRAGMA busy_timeout = 2000");

    /// <summary>Takes the log that is there now for the one that this process works on.</summary>
    public void Adopt()
    {
        _identity = ReadIdentity();
        _sentinel = OpenAgain();
    }

    /// <summary>To be called before a connection is opened: opening what stands in the log's place could destroy what belongs to the log.</summary>
    /// <exception cref="LogUnavailableException">The file is gone, or another stands in its place.</exception>
    public void ThrowIfLost()
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new LogUnavailableException("The event log is closed: the server is stopping.");
            }

            if (_sentinel is { } watching && !SqliteFileMoves.HasMoved(watching))
            {
                return;
            }

            if (!File.Exists(path) || ReadIdentity() != _identity)
            {
                throw Lost();
            }

            // The same log in a new file, as after a restore.
            _sentinel?.Dispose();
            _sentinel = null;
            _sentinel = OpenAgain();
        }
    }

    public LogUnavailableException Lost() =>
        new($"The event log {path} was removed or replaced. It is used again as soon as the same log is back in its place.");

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _sentinel?.Dispose();
            _sentinel = null;
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
            // How long the driver repeats what SQLite already waited for; 0 would be for ever.
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = pragmas;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Looks at the file alone. An ordinary connection would look at the WAL too, and delete the one that it finds beside an empty file:
    /// the commits of a log that is just being put back.
    /// </summary>
    private string? ReadIdentity()
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = $"{new Uri(path).AbsoluteUri}?immutable=1",
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            using var query = connection.CreateCommand();
            query.CommandText = "SELECT id FROM store";
            return query.ExecuteScalar() as string;
        }
        catch (SqliteException)
        {
            // Empty, half copied, or no database at all.
            return null;
        }
    }
}
