using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Reads beside the writer: each sees the last commit, on a pooled connection, and waits for nobody.</summary>
internal sealed class SqliteReads(SqliteDatabase database, StoreAvailability availability) : IDisposable
{
    public async Task<TResult> ReadAsync<TResult>(Func<SqliteConnection, Task<TResult>> read, CancellationToken cancellationToken)
    {
        try
        {
            database.ThrowIfLost();
            await using var connection = new SqliteConnection(database.ReadConnectionString);
            await connection.OpenAsync(cancellationToken);
            var result = await read(connection);
            if (SqliteFileMoves.HasMoved(connection))
            {
                throw database.Lost();
            }

            availability.Works();
            return result;
        }
        catch (SqliteException failure)
        {
            // Fixed queries on a known schema: whatever fails here is the file's doing.
            throw Lost(SqliteErrors.ToUnavailable(failure));
        }
        catch (LogUnavailableException failure)
        {
            throw Lost(failure);
        }
    }

    public void Dispose() => ForgetConnections();

    private LogUnavailableException Lost(LogUnavailableException failure)
    {
        availability.Fails(failure);
        // Pooled connections may have a file open that has no name any more.
        ForgetConnections();
        return failure;
    }

    private void ForgetConnections()
    {
        using var anyOfThePool = new SqliteConnection(database.ReadConnectionString);
        SqliteConnection.ClearPool(anyOfThePool);
    }
}
