using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>A connection for reading, with the statements it was asked for once. For one caller at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    // Often enough that a read ends within a millisecond of its deadline, seldom enough to cost nothing.
    private const int InstructionsBetweenChecks = 10_000;

    private readonly SqliteConnection _connection;

    // Bounded: what is asked are the queries in this folder, whose text is fixed.
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    public SqliteReader(SqliteConnection connection)
    {
        _connection = connection;
        raw.sqlite3_progress_handler(connection.Handle, InstructionsBetweenChecks, _ => Limit is { IsOver: true } ? 1 : 0, null);
    }

    /// <summary>What the read that is under way is held to.</summary>
    public ReadLimit? Limit { get; set; }

    /// <inheritdoc cref="SqliteFileMoves.HasMoved"/>
    public bool HasMoved => SqliteFileMoves.HasMoved(_connection);

    public SqliteRows Query(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = _statements[sql] = new SqliteStatement(_connection, sql);
        }

        return statement.Query(values);
    }

    public void Execute(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        using var rows = Query(sql, values);
        while (rows.Read())
        {
        }
    }

    public List<TRow> List<TRow>(string sql, Func<SqliteRows, TRow> read, params ReadOnlySpan<SqliteValue> values)
    {
        var all = new List<TRow>();
        using var rows = Query(sql, values);
        while (rows.Read())
        {
            all.Add(read(rows));
        }

        return all;
    }

    public TRow? First<TRow>(string sql, Func<SqliteRows, TRow> read, params ReadOnlySpan<SqliteValue> values)
    {
        using var rows = Query(sql, values);
        return rows.Read() ? read(rows) : default;
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}
