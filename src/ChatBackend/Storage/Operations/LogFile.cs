using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage;

/// <summary>A log that an operator's command looks at or works on.</summary>
internal sealed class LogFile : IDisposable
{
    private const int NoCheckpointOnClose = 1006;

    private readonly SqliteConnection _connection;

    private LogFile(string source, SqliteOpenMode mode)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source, Mode = mode, Pooling = false, ForeignKeys = true, DefaultTimeout = 0,
        }.ToString());
        _connection.Open();
        Execute("PRAGMA busy_timeout = 10000");
        // Nothing but the data directory need be writable.
        Execute("PRAGMA temp_store = MEMORY");
    }

    /// <summary>Beside a server that may be at work on it; nothing is changed, its write-ahead log neither.</summary>
    public static LogFile Read(string path)
    {
        // Without a write-ahead log no process is at work, and none should be made.
        var log = new LogFile(File.Exists(path + "-wal") ? path : $"{new Uri(path).AbsoluteUri}?immutable=1", SqliteOpenMode.ReadOnly);
        _ = SQLitePCL.raw.sqlite3_db_config(log._connection.Handle, NoCheckpointOnClose, 1, out _);
        return log;
    }

    /// <summary>For a log that no other process works on.</summary>
    public static LogFile Write(string path) => new(path, SqliteOpenMode.ReadWrite);

    public void Execute(string sql, params (string Name, object Value)[] values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    public long Number(string sql) => Convert.ToInt64(Scalar(sql), CultureInfo.InvariantCulture);

    public string Text(string sql) => (string)Scalar(sql);

    public IEnumerable<SqliteDataReader> Rows(string sql)
    {
        using var command = Command(sql, []);
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return rows;
        }
    }

    public void Dispose() => _connection.Dispose();

    private object Scalar(string sql)
    {
        using var command = Command(sql, []);
        return command.ExecuteScalar()!;
    }

    private SqliteCommand Command(string sql, (string Name, object Value)[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
