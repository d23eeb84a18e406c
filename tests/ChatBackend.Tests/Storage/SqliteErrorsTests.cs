using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace ChatBackend.Tests.Storage;

/// <summary>What each error of SQLite means: for clients, for operators, for other writes, for the connection.</summary>
public sealed class SqliteErrorsTests
{
    [Theory]
    [InlineData(SQLITE_FULL, "The event log's disk is full, or the log has reached Storage:MaxDatabaseMiB.", "the disk is full.*MaxDatabaseMiB*")]
    [InlineData(SQLITE_BUSY, "The event log is locked by another program.", "another program has locked it.*")]
    [InlineData(SQLITE_LOCKED, "The event log is locked by another program.", "another program has locked it.*")]
    [InlineData(SQLITE_CANTOPEN, "The event log's file cannot be opened.", "file or directory cannot be read and written by this user.*")]
    [InlineData(SQLITE_READONLY, "The event log's file is read-only.", "it is read-only.*")]
    [InlineData(SQLITE_CORRUPT, "The event log's file is damaged.", "it is damaged.*`check`*`restore`*")]
    [InlineData(SQLITE_NOTADB, "The event log's file is damaged.", "it is damaged.*`check`*`restore`*")]
    [InlineData(SQLITE_TOOBIG, "The event is larger than the store takes.", "the disk or the file system fails.*")]
    [InlineData(SQLITE_PERM, "The event log's store fails with SQLite error 3.", "file or directory cannot be read and written by this user.*")]
    [InlineData(SQLITE_IOERR, "The event log's store fails with SQLite error 10.", "the disk or the file system fails.*")]
    public void Clients_are_told_what_is_wrong_and_operators_what_to_do(int code, string told, string remedy)
    {
        var failure = Failure(code);

        var unavailable = SqliteErrors.ToUnavailable(failure);

        (unavailable.Message, unavailable.InnerException).Should().Be((told, failure));
        SqliteErrors.Remedy(failure).Should().Match(remedy);
    }

    [Theory]
    [InlineData(SQLITE_FULL, true, false, true)]
    [InlineData(SQLITE_TOOBIG, true, false, true)]
    [InlineData(SQLITE_CONSTRAINT, false, false, true)]
    [InlineData(SQLITE_BUSY, true, true, true)]
    [InlineData(SQLITE_LOCKED, true, true, true)]
    [InlineData(SQLITE_IOERR, true, true, false)]
    [InlineData(SQLITE_CORRUPT, true, true, false)]
    public void An_error_is_of_one_write_or_of_all_and_spoils_the_connection_or_not(int code, bool isOfTheStore, bool concernsEveryWrite, bool leavesUsable)
    {
        var failure = Failure(code);

        (SqliteErrors.IsOfTheStore(failure), SqliteErrors.ConcernsEveryWrite(failure), SqliteErrors.LeavesConnectionUsable(failure))
            .Should().Be((isOfTheStore, concernsEveryWrite, leavesUsable));
    }

    private static SqliteException Failure(int code) => new("as SQLite says it", code);
}
