using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// Reads beside the writer: each sees the last commit, on a connection that is kept open, and waits for nobody.
/// Not the driver's pool: a connection of that has no statements, and to prepare one takes longer than to read a few rows by it.
/// </summary>
internal sealed class SqliteReads(SqliteDatabase database, StoreAvailability availability) : IDisposable
{
    // A read does not give up its thread, so that as many are under way as there are threads; each has a cache of 2 MiB.
    private const int MaxIdle = 8;

    private readonly Lock _gate = new();
    private readonly Stack<SqliteReader> _idle = [];
    private bool _closed;

    public Task<TResult> ReadAsync<TResult>(Func<SqliteReader, TResult> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        try
        {
            var result = Read(read);
            availability.Works();
            return Task.FromResult(result);
        }
        catch (SqliteException failure)
        {
            // Fixed queries on a known schema: whatever fails here is the file's doing.
            return Task.FromException<TResult>(Lost(SqliteErrors.ToUnavailable(failure)));
        }
        catch (LogUnavailableException failure)
        {
            return Task.FromException<TResult>(Lost(failure));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
        }

        ForgetConnections();
    }

    private TResult Read<TResult>(Func<SqliteReader, TResult> read)
    {
        var reader = Take();
        try
        {
            var result = read(reader);
            // Asked after the read: what it found was in the file that was still there then.
            if (reader.HasMoved)
            {
                throw database.Lost();
            }

            GiveBack(reader);
            return result;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private SqliteReader Take()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out var idle))
            {
                return idle;
            }
        }

        database.ThrowIfLost();
        return new SqliteReader(database.OpenToRead());
    }

    private void GiveBack(SqliteReader reader)
    {
        lock (_gate)
        {
            if (!_closed && _idle.Count < MaxIdle)
            {
                _idle.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    private LogUnavailableException Lost(LogUnavailableException failure)
    {
        availability.Fails(failure);
        // Others may have a file open that has no name any more.
        ForgetConnections();
        return failure;
    }

    private void ForgetConnections()
    {
        lock (_gate)
        {
            while (_idle.TryPop(out var idle))
            {
                idle.Dispose();
            }
        }
    }
}
