using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What SQLite's error codes mean for the log.</summary>
internal static class SqliteErrors
{
    public static LogUnavailableException ToUnavailable(SqliteException failure) => new(
        failure.SqliteErrorCode switch
        {
            SQLITE_FULL => "The event log's disk is full, or the log has reached Storage:MaxDatabaseMiB.",
            SQLITE_BUSY or SQLITE_LOCKED => "The event log is locked by another program.",
            SQLITE_CANTOPEN => "The event log's file cannot be opened.",
            SQLITE_READONLY => "The event log's file is read-only.",
            SQLITE_CORRUPT or SQLITE_NOTADB => "The event log's file is damaged.",
            SQLITE_TOOBIG => "The event is larger than the store takes.",
            _ => $"The event log's store fails with SQLite error {failure.SqliteExtendedErrorCode}.",
        },
        failure);

    /// <summary>Why a start fails, and what to do about it.</summary>
    public static string Remedy(SqliteException failure) => failure.SqliteErrorCode switch
    {
        SQLITE_FULL => "the disk is full. Make room, or raise Storage:MaxDatabaseMiB.",
        SQLITE_BUSY or SQLITE_LOCKED => "another program has locked it. End that program.",
        SQLITE_CANTOPEN or SQLITE_PERM or SQLITE_AUTH => "file or directory cannot be read and written by this user. Look at who owns them.",
        SQLITE_READONLY => "it is read-only. The server must be able to write to it and to its directory.",
        SQLITE_CORRUPT or SQLITE_NOTADB => "it is damaged. Keep a copy of it, run `check` to see what is damaged, and `restore` a backup.",
        _ => "the disk or the file system fails. Look at the machine's log.",
    };

    /// <summary>A broken constraint is not a state of the store but a mistake in this code, and should look like one.</summary>
    public static bool IsOfTheStore(SqliteException failure) => failure.SqliteErrorCode != SQLITE_CONSTRAINT;

    /// <summary>A full store may still take a smaller append, and a size is one append's own; everything else concerns all appends.</summary>
    public static bool ConcernsEveryWrite(SqliteException failure) =>
        failure.SqliteErrorCode is not (SQLITE_FULL or SQLITE_TOOBIG or SQLITE_CONSTRAINT);

    /// <summary>Codes after which the connection is as good as it was before.</summary>
    public static bool LeavesConnectionUsable(SqliteException failure) =>
        failure.SqliteErrorCode is SQLITE_FULL or SQLITE_TOOBIG or SQLITE_CONSTRAINT or SQLITE_BUSY or SQLITE_LOCKED;
}
