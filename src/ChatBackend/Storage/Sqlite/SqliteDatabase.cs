using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The file, how it is opened, and whether it still is the one that this process started with.</summary>
internal sealed class SqliteDatabase(string path)
{
    // Connections whose file was seen to be this log; weak, because the pool decides how long they live.
    private readonly ConditionalWeakTable<sqlite3, object> _known = [];
    private string? _identity;

    /// <summary>For the pool of readers. It never creates a file: one that is lost stays lost until somebody puts it back.</summary>
    public string ReadConnectionString { get; } = ConnectionString(path, SqliteOpenMode.ReadWrite, pooled: true);

    /// <summary>Opens the file, which may be new, when the process starts.</summary>
    public SqliteConnection OpenFirst() => Open(SqliteOpenMode.ReadWriteCreate);

    public SqliteConnection OpenAgain()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        try
        {
            Verify(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes the connection's log for the one that this process works on.</summary>
    public void Adopt(SqliteConnection connection)
    {
        _identity = ReadIdentity(connection);
        _known.AddOrUpdate(connection.Handle!, this);
    }

    /// <exception cref="LogUnavailableException">The file is gone, or another stands in its place.</exception>
    public void Verify(SqliteConnection connection)
    {
        if (SqliteFileMoves.HasMoved(connection))
        {
            throw new LogUnavailableException($"The event log {path} was removed or replaced. It is used again when the same log is back in its place.");
        }

        if (!_known.TryGetValue(connection.Handle!, out _))
        {
            if (ReadIdentity(connection) != _identity)
            {
                throw new LogUnavailableException($"{path} is not the event log that this server started with. Put that back, or start again.");
            }

            _known.AddOrUpdate(connection.Handle!, this);
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(ConnectionString(path, mode, pooled: false));
        try
        {
            connection.Open();
            // FULL: a commit is on the disk when it returns. A checkpoint every 16 MiB costs one more sync for many commits;
            // the size limit gives back what a burst took. Half of SQLite's own waiting time for a lock is the lock's answer.
            using var pragmas = connection.CreateCommand();
            pragmas.CommandText = """
                PRAGMA busy_timeout = 2000;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 4096;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA cache_size = -16384;
                PRAGMA temp_store = MEMORY;
                """;
            pragmas.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // The command time-out is how long the driver repeats what SQLite already waited for; 0 would be for ever.
    private static string ConnectionString(string path, SqliteOpenMode mode, bool pooled) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        Pooling = pooled,
        // Readers change nothing, and the setting would cost them a statement for each read.
        ForeignKeys = pooled ? null : true,
        DefaultTimeout = 1,
    }.ToString();

    private static string? ReadIdentity(SqliteConnection connection)
    {
        using var query = connection.CreateCommand();
        query.CommandText = "SELECT id FROM store";
        return query.ExecuteScalar() as string;
    }
}
