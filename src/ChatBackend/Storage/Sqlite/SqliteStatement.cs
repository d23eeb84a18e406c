using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// A statement of the append path, prepared once, without the driver's command around it: its boxes and parameters cost more than a small insert.
/// Its parameters are <c>?1</c>, <c>?2</c> and so on. For one caller at a time.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>How many rows it changed.</summary>
    public int Execute(params ReadOnlySpan<SqliteValue> values)
    {
        using var rows = Query(values);
        while (rows.Read())
        {
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>Its rows, to be disposed before the statement is used again.</summary>
    public SqliteRows Query(params ReadOnlySpan<SqliteValue> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Check(values[i].BindTo(_statement, i + 1));
        }

        return new SqliteRows(_database, _statement);
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
