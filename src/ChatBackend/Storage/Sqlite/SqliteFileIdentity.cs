using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// An open file lives on after its name is gone, and so would a log that cannot be found again.
/// SQLite can compare the two, for one <c>stat</c>; the managed binding leaves that call out.
/// </summary>
internal static class SqliteFileIdentity
{
    private const int HasMovedCode = 20;

    /// <summary>Whether the database's path no longer leads to the file that the connection has open. Windows does not let that happen and says no.</summary>
    public static bool HasMoved(SqliteConnection connection) =>
        sqlite3_file_control(connection.Handle!, "main", HasMovedCode, out var moved) == raw.SQLITE_OK && moved != 0;

    [DllImport("e_sqlite3", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int sqlite3_file_control(sqlite3 database, string name, int code, out int value);
}
