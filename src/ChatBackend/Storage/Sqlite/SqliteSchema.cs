using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Brings the file to the schema of this version when the process starts.</summary>
internal static class SqliteSchema
{
    /// <summary>The newest migration. A start with nothing to do is one query; to ask EF would build its model.</summary>
    public const string Newest = "20261123031320_Initial";

    public static async Task EnsureAsync(SqliteDatabase database, CancellationToken cancellationToken)
    {
        await using var connection = database.OpenFirst();
        var applied = ReadApplied(connection);
        if (string.CompareOrdinal(applied, Newest) > 0)
        {
            throw new InvalidOperationException(
                $"The event log was written by a later version (schema {applied}, this version knows {Newest}). Start that version, or use another data directory.");
        }

        if (applied != Newest)
        {
            ReleaseMigrationLock(connection);
            await using var context = new SqliteLogContext(SqliteLogContext.OptionsFor(database.ReadConnectionString));
            await context.Database.MigrateAsync(cancellationToken);
            // Into the file itself, by which the log is known.
            using var checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            checkpoint.ExecuteNonQuery();
        }

        database.Adopt();
    }

    private static string? ReadApplied(SqliteConnection connection)
    {
        using var query = connection.CreateCommand();
        query.CommandText = "SELECT 1 FROM sqlite_master WHERE name = '__EFMigrationsHistory'";
        if (query.ExecuteScalar() is null)
        {
            return null;
        }

        query.CommandText = """SELECT max("MigrationId") FROM "__EFMigrationsHistory" """;
        return query.ExecuteScalar() as string;
    }

    /// <summary>EF's lock is a row that survives whoever died holding it, and EF waits for it for ever. Ours is on the data directory.</summary>
    private static void ReleaseMigrationLock(SqliteConnection connection)
    {
        using var release = connection.CreateCommand();
        release.CommandText = """DROP TABLE IF EXISTS "__EFMigrationsLock" """;
        release.ExecuteNonQuery();
    }
}
