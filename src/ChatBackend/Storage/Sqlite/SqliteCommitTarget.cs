using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Commits batches to the file over one connection, which it opens again after a failure that may have spoilt it.</summary>
/// <param name="written">Called after each commit; neither waits nor throws.</param>
internal sealed class SqliteCommitTarget(SqliteDatabase database, DataDirectory directory, StorageOptions options, Action written) : ICommitTarget
{
    private readonly SqliteCleanUp _cleanUp = new();
    private SqliteConnection? _connection;
    private SqliteAppends? _appends;
    private SqliteListMarks? _marks;
    private SqliteMaintenance? _maintenance;

    public void Commit(IReadOnlyList<PendingWrite> batch)
    {
        try
        {
            LookAfterFiles();
            CommitOn(Connect(), batch);
            // What went into a file without a name is not a commit.
            ThrowIfLost();
        }
        catch (LogUnavailableException)
        {
            Close();
            throw;
        }
        catch (SqliteException ex)
        {
            if (!SqliteErrors.LeavesConnectionUsable(ex))
            {
                Close();
            }

            if (SqliteErrors.IsOfTheStore(ex))
            {
                throw SqliteErrors.ToUnavailable(ex);
            }

            throw;
        }
    }

    public bool ConcernsEveryWrite(Exception failure) => failure switch
    {
        LogUnavailableException { InnerException: SqliteException inner } => SqliteErrors.ConcernsEveryWrite(inner),
        LogUnavailableException => true,
        _ => false,
    };

    public bool CleanUp(IReadOnlyList<PendingWrite> committed)
    {
        if (committed.Count > 0)
        {
            written();
            foreach (var erase in committed.OfType<PendingErase>().Where(erase => erase.IsLast))
            {
                _cleanUp.FinishErasing(_connection!, erase);
            }

            return _cleanUp.IsDue;
        }

        // Also when nothing is written: the longer a WAL without a name is the only place of what was acknowledged, the worse.
        LookAfterFiles();
        return _connection is { } connection && _cleanUp.Shrink(connection);
    }

    /// <summary>Brings the WAL home, so that what is left is one file that can be copied.</summary>
    public void Dispose()
    {
        Close();
        try
        {
            database.BringHome();
        }
        catch (LogUnavailableException)
        {
            // The WAL stays, and the next start reads it.
        }
    }

    private void ThrowIfLost()
    {
        directory.ThrowIfNotHeld();
        database.ThrowIfLost();
    }

    private void LookAfterFiles()
    {
        // A lock that another process has cannot be mended here, and nothing may be written beside that one.
        directory.ThrowIfNotHeld();
        try
        {
            database.ThrowIfLost();
        }
        catch (LogUnavailableException)
        {
            Close();
            if (!Recover())
            {
                throw;
            }
        }
    }

    private bool Recover()
    {
        try
        {
            return database.Recover();
        }
        catch (SqliteException ex)
        {
            throw SqliteErrors.ToUnavailable(ex);
        }
    }

    private SqliteConnection Connect()
    {
        if (_connection is { } open)
        {
            return open;
        }

        var connection = database.OpenAgain();
        try
        {
            if (options.MaxDatabaseMiB > 0)
            {
                // 256 pages of 4 KiB are a MiB.
                connection.Execute($"PRAGMA max_page_count = {options.MaxDatabaseMiB * 256L}");
            }

            // What is deleted must be gone from the file, not only unreachable.
            connection.Execute("PRAGMA secure_delete = ON");
            var activity = SqliteListMarks.ClockOf(connection);
            _appends = new SqliteAppends(connection, activity);
            _marks = new SqliteListMarks(connection, activity);
            _maintenance = new SqliteMaintenance(connection);
        }
        catch
        {
            // Half a connection must not be kept: the next commit would take it for a whole one.
            DisposeStatements();
            connection.Dispose();
            throw;
        }

        return _connection = connection;
    }

    private void CommitOn(SqliteConnection connection, IReadOnlyList<PendingWrite> batch)
    {
        _appends!.Begin();
        try
        {
            foreach (var write in batch)
            {
                Perform(write);
            }

            _appends.Commit();
        }
        catch
        {
            RollBack(connection);
            throw;
        }
    }

    private void Perform(PendingWrite write)
    {
        switch (write)
        {
            case PendingAppend append:
                append.Result = _appends!.Append(append.Append);
                break;
            case PendingOpen open:
                open.Result = _appends!.Open(open.Thread);
                break;
            case PendingArchive archive:
                archive.Result = _marks!.Archive(archive);
                break;
            case PendingRead read:
                read.Result = _marks!.MarkRead(read);
                break;
            case PendingDelete delete:
                delete.Result = _marks!.Delete(delete);
                break;
            case PendingErase erase:
                (erase.IsLast, var hasErased) = _maintenance!.Erase(erase.CommandsBefore);
                if (erase.IsLast)
                {
                    var forgotten = _marks!.Forget(erase.CommandsBefore, SqliteMaintenance.MaxRows);
                    (erase.IsLast, hasErased) = (forgotten < SqliteMaintenance.MaxRows, hasErased || forgotten > 0);
                }

                erase.Result = erase.IsLast;
                if (hasErased)
                {
                    _cleanUp.Erased();
                }

                break;
            case PendingTrim trim:
                trim.Result = _maintenance!.Trim(trim);
                _cleanUp.Erased();
                break;
            default:
                throw new UnreachableException($"{write.GetType()} is nothing that this store writes.");
        }
    }

    private void RollBack(SqliteConnection connection)
    {
        _appends!.RolledBack();
        try
        {
            // SQLite has often done it already.
            if (raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                connection.Execute("ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            Close();
        }
    }

    private void Close()
    {
        DisposeStatements();
        _connection?.Dispose();
        _connection = null;
    }

    private void DisposeStatements()
    {
        _appends?.Dispose();
        _appends = null;
        _marks?.Dispose();
        _marks = null;
        _maintenance?.Dispose();
        _maintenance = null;
    }
}
