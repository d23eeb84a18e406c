using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>A connection for reading, with the commands it was asked for once: kept, one costs no more than a statement of SQLite. For one caller at a time.</summary>
internal sealed class SqliteReadConnection : IDisposable
{
    // Often enough that a read ends within a millisecond of its deadline, seldom enough to cost nothing.
    private const int InstructionsBetweenChecks = 10_000;

    private readonly SqliteConnection _connection;

    // Bounded: what is asked are the queries in this folder, whose text is fixed.
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public SqliteReadConnection(SqliteConnection connection)
    {
        _connection = connection;
        raw.sqlite3_progress_handler(connection.Handle, InstructionsBetweenChecks, _ => Limit is { IsOver: true } ? 1 : 0, null);
    }

    /// <summary>What the read that is under way is held to.</summary>
    public ReadLimit? Limit { get; set; }

    /// <inheritdoc cref="SqliteFileIdentity.HasMoved"/>
    public bool HasMoved => SqliteFileIdentity.HasMoved(_connection);

    /// <param name="sql">Its parameters are <c>?1</c>, <c>?2</c> and so on.</param>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Command(sql, values).ExecuteReader();

    public void Execute(string sql, params ReadOnlySpan<object?> values) => Command(sql, values).ExecuteNonQuery();

    public List<TRow> List<TRow>(string sql, Func<SqliteDataReader, TRow> read, params ReadOnlySpan<object?> values)
    {
        var all = new List<TRow>();
        using var rows = Query(sql, values);
        while (rows.Read())
        {
            all.Add(read(rows));
        }

        return all;
    }

    public TRow? First<TRow>(string sql, Func<SqliteDataReader, TRow> read, params ReadOnlySpan<object?> values)
    {
        using var rows = Query(sql, values);
        return rows.Read() ? read(rows) : default;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"?{i}" });
            }

            _commands[sql] = command;
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}

internal static class StoredEventColumn
{
    extension(SqliteDataReader row)
    {
        /// <summary>The JSON of an event, read where SQLite has it: the driver would copy it before it is decompressed.</summary>
        public byte[] Event(int column) => EventBytes.Decompress(raw.sqlite3_column_blob(row.Handle, column));
    }
}
