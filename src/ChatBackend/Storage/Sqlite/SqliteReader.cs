using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>A connection for reading, with the statements it was asked for once. For one caller at a time.</summary>
internal sealed class SqliteReader(SqliteConnection connection) : IDisposable
{
    // Bounded: what is asked are the queries in this folder, whose text is fixed.
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    /// <inheritdoc cref="SqliteFileMoves.HasMoved"/>
    public bool HasMoved => SqliteFileMoves.HasMoved(connection);

    public SqliteRows Query(string sql, params ReadOnlySpan<SqliteValue> values)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = _statements[sql] = new SqliteStatement(connection, sql);
        }

        return statement.Query(values);
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

        connection.Dispose();
    }
}
