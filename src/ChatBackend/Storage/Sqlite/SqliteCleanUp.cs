using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What commits leave behind: pages of what was erased, still in the WAL, and free ones in the file.</summary>
internal sealed class SqliteCleanUp
{
    // A step takes about as long as a commit of many; what is kept is used again soon.
    private const int StepPages = 256;
    private const int KeptPages = 64;

    private bool _hasErased;
    private bool _hasShrunk;

    // An earlier process may have left free pages.
    private bool _mayShrink = true;

    public void Erased() => (_hasErased, _mayShrink) = (true, true);

    /// <summary>The WAL still has the pages as they were: brought home and cut off, nothing of what was erased is left in any file.</summary>
    public void FinishErasing(SqliteConnection connection, PendingErase erase)
    {
        if (!_hasErased)
        {
            return;
        }

        try
        {
            _hasErased = !TryBringHome(connection);
            erase.Result = !_hasErased;
        }
        catch (SqliteException ex)
        {
            erase.CleanUpFailed(SqliteErrors.ToUnavailable(ex));
        }
    }

    /// <summary>Whether free pages may be left to give back.</summary>
    public bool IsDue => _mayShrink;

    /// <summary>Gives some of the free pages back to the file system.</summary>
    /// <returns>Whether there are more.</returns>
    public bool Shrink(SqliteConnection connection)
    {
        if (!_mayShrink)
        {
            return false;
        }

        // What fails here is tried again after the next erasure.
        _mayShrink = false;
        if (connection.Scalar("PRAGMA auto_vacuum") == 2 && connection.Scalar("PRAGMA freelist_count") > KeptPages)
        {
            connection.Execute($"PRAGMA incremental_vacuum({StepPages})");
            _mayShrink = _hasShrunk = true;
            return true;
        }

        // The file itself becomes shorter when the WAL comes home; a reader that holds it up is not waited for.
        _mayShrink = _hasShrunk = _hasShrunk && !TryBringHome(connection);
        return false;
    }

    private static bool TryBringHome(SqliteConnection connection)
    {
        try
        {
            // A reader that is at work holds it up. All writers wait meanwhile, so it is tried again rather than waited for.
            connection.Execute("PRAGMA busy_timeout = 20");
            return connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
        }
        finally
        {
            connection.Execute("PRAGMA busy_timeout = 2000");
        }
    }
}
