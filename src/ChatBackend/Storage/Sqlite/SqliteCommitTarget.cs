using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Commits batches to the file over one connection, which it opens again after a failure that may have spoilt it.</summary>
internal sealed class SqliteCommitTarget(SqliteDatabase database, StorageOptions options) : ICommitTarget
{
    private SqliteConnection? _connection;
    private SqliteAppends? _appends;

    public void Commit(IReadOnlyList<PendingWrite> batch)
    {
        try
        {
            database.ThrowIfLost();
            var connection = Connect();
            CommitOn(connection, batch);
            if (SqliteFileMoves.HasMoved(connection))
            {
                // It went in between, and the commit with it.
                throw database.Lost();
            }
        }
        catch (LogUnavailableException)
        {
            Close();
            throw;
        }
        catch (SqliteException failure)
        {
            if (!SqliteErrors.LeavesConnectionUsable(failure))
            {
                Close();
            }

            if (SqliteErrors.IsOfTheStore(failure))
            {
                throw SqliteErrors.ToUnavailable(failure);
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

    /// <summary>Brings the WAL home, so that what is left is one file that can be copied.</summary>
    public void Dispose()
    {
        if (_connection is { } connection)
        {
            try
            {
                if (!SqliteFileMoves.HasMoved(connection))
                {
                    Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
                }
            }
            catch (SqliteException)
            {
                // The WAL stays, and the next start reads it.
            }
        }

        Close();
    }

    private SqliteConnection Connect()
    {
        if (_connection is { } open)
        {
            if (!SqliteFileMoves.HasMoved(open))
            {
                return open;
            }

            Close();
        }

        var connection = database.OpenAgain();
        try
        {
            if (options.MaxDatabaseMiB > 0)
            {
                // 256 pages of 4 KiB are a MiB.
                Execute(connection, $"PRAGMA max_page_count = {options.MaxDatabaseMiB * 256L}");
            }

            _appends = new SqliteAppends(connection);
        }
        catch
        {
            // Half a connection must not be kept: the next commit would take it for a whole one.
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
        }
    }

    private void RollBack(SqliteConnection connection)
    {
        try
        {
            // SQLite has often done it already.
            if (raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                Execute(connection, "ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            Close();
        }
    }

    private void Close()
    {
        _appends?.Dispose();
        _appends = null;
        _connection?.Dispose();
        _connection = null;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
