using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The rows of a statement that is being executed. Disposed, the statement can be executed again.</summary>
internal readonly ref struct SqliteRows(sqlite3 database, sqlite3_stmt statement) : IDisposable
{
    /// <summary>Whether there is another row, which then is the current one. The first call executes what changes rows.</summary>
    public bool Read()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW)
        {
            return true;
        }

        SqliteException.ThrowExceptionForRC(code, database);
        return false;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(statement, column));

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    // The code is that of the step, which was thrown there.
    public void Dispose() => _ = raw.sqlite3_reset(statement);
}
