using ChatBackend.Protocol;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// Reads beside the writer: each sees the last commit, on a connection that is kept open, and ends at its deadline or when its caller no longer waits.
/// What commands need is read at once, in one of a few places; lists and searches have threads of their own, shared fairly between users.
/// Not the driver's pool: a connection of that has no commands, and to prepare one takes longer than to read a few rows by it.
/// </summary>
internal sealed class SqliteReadPool : IDisposable
{
    // Such a read does not give up its thread, and must not take the whole pool; each place has a cache of 2 MiB.
    private const int Places = 8;

    private readonly SqliteDatabase _database;
    private readonly StoreAvailability _availability;
    private readonly StorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly FairQueue _browsing;
    private readonly SemaphoreSlim _places = new(Places);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly Stack<SqliteReadConnection> _idle = [];

    public SqliteReadPool(SqliteDatabase database, IOptions<StorageOptions> options, TimeProvider clock, ILogger<SqliteReadPool> logger)
    {
        (_database, _options, _clock) = (database, options.Value, clock);
        _availability = new StoreAvailability("reading", logger);
        _browsing = new FairQueue("event log reader", _options.MaxConcurrentSearches, _options.MaxWaitingSearchesPerUser);
        database.Reopening += ForgetConnections;
    }

    public StoreAvailability Availability => _availability;

    /// <summary>A few rows that a command needs.</summary>
    public Task<TResult> ReadAsync<TResult>(Func<SqliteReadConnection, TResult> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        return _places.Wait(0, CancellationToken.None) ? ReadInPlace(read, cancellationToken) : WaitAndReadAsync(read, cancellationToken);
    }

    /// <summary>A list or a search, queued fairly among users.</summary>
    public Task<TResult> BrowseAsync<TResult>(UserId user, Func<SqliteReadConnection, TResult> read, CancellationToken cancellationToken) =>
        _browsing.RunAsync(user, () => Read(read, _options.SearchTimeout, cancellationToken), cancellationToken);

    public void Dispose()
    {
        _closing.Cancel();
        _browsing.Dispose();
        ForgetConnections();
    }

    private async Task<TResult> WaitAndReadAsync<TResult>(Func<SqliteReadConnection, TResult> read, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        return await ReadInPlace(read, cancellationToken);
    }

    private Task<TResult> ReadInPlace<TResult>(Func<SqliteReadConnection, TResult> read, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult(Read(read, _options.ReadTimeout, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }
        catch (Exception ex)
        {
            return Task.FromException<TResult>(ex);
        }
        finally
        {
            _places.Release();
        }
    }

    private TResult Read<TResult>(Func<SqliteReadConnection, TResult> read, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var limit = new ReadLimit(_clock, timeout, cancellationToken, _closing.Token);
        try
        {
            var result = Read(read, limit);
            _availability.Works();
            return result;
        }
        catch (SqliteException ex) when (ex.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            limit.ThrowIfOver();
            throw;
        }
        catch (SqliteException ex)
        {
            // Fixed queries on a known schema: every failure here is the file's.
            throw Lost(SqliteErrors.ToUnavailable(ex));
        }
        catch (LogUnavailableException ex) when (!limit.IsOver && ex is not SearchUnavailableException)
        {
            throw Lost(ex);
        }
    }

    private TResult Read<TResult>(Func<SqliteReadConnection, TResult> read, ReadLimit limit)
    {
        var reader = Take();
        try
        {
            reader.Limit = limit;
            var result = read(reader);
            // Asked after the read: what it found was in the file that was still there then.
            if (reader.HasMoved)
            {
                throw _database.Lost();
            }

            _database.ThrowIfOverwritten();
            GiveBack(reader);
            return result;
        }
        catch
        {
            reader.Dispose();
            // The error of a read of a mixed file says nothing about what was read.
            _database.ThrowIfOverwritten();
            throw;
        }
    }

    private SqliteReadConnection Take()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out var idle))
            {
                return idle;
            }
        }

        _database.ThrowIfLost();
        return new SqliteReadConnection(_database.OpenToRead());
    }

    private void GiveBack(SqliteReadConnection reader)
    {
        lock (_gate)
        {
            if (!_closing.IsCancellationRequested && !_database.IsReopening && _idle.Count < Places)
            {
                _idle.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    private LogUnavailableException Lost(LogUnavailableException failure)
    {
        _availability.Fails(failure);
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
