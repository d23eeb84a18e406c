using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>A statement prepared once. Its parameters are <c>$1</c>, <c>$2</c> and so on.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand _command;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        for (var number = 1; sql.Contains($"${number}", StringComparison.Ordinal); number++)
        {
            _command.Parameters.Add(new SqliteParameter($"${number}", null));
        }

        _command.Prepare();
    }

    /// <summary>How many rows it changed.</summary>
    public int Execute(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteNonQuery();
    }

    public SqliteDataReader Query(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteReader();
    }

    /// <summary>The driver takes whole arrays only; what already is one is not copied.</summary>
    public static byte[] Blob(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && array.Length == segment.Count
            ? array
            : bytes.ToArray();

    public void Dispose() => _command.Dispose();

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }
}
