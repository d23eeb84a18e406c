using ChatBackend.Storage.Sqlite.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Brings the file to the schema of this version when the process starts.</summary>
internal static class SqliteSchema
{
    /// <summary>The newest migration. A start with nothing to do is one query; to ask EF would build its model.</summary>
    public const string Newest = "20261126040500_TextsWithCommit";

    public static async Task EnsureAsync(SqliteDatabase database, CancellationToken cancellationToken)
    {
        await using var connection = database.OpenFirst();
        var applied = ReadApplied(connection);
        if (string.CompareOrdinal(applied, Newest) > 0)
        {
            throw new InvalidOperationException(
                $"The event log was written by a later version (schema {applied}, this version knows {Newest}). Start that version, or use another data directory.");
        }

        if (applied is null)
        {
            Execute(connection, NewFile.Script);
        }
        else if (applied != Newest)
        {
            await MigrateAsync(connection, cancellationToken);
        }

        // Into the file itself, by which the log is known; and what a process that died had erased is not left in its WAL.
        Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

        database.Adopt();
    }

    /// <summary>Applies what is missing, one migration after the other.</summary>
    internal static async Task MigrateAsync(SqliteConnection connection, CancellationToken cancellationToken)
    {
        // EF's lock is a row that survives whoever died holding it, and EF waits for it for ever. Ours is on the data directory.
        Execute(connection, """DROP TABLE IF EXISTS "__EFMigrationsLock" """);
        await using var context = new SqliteLogContext(SqliteLogContext.OptionsFor(connection.ConnectionString));
        await context.Database.MigrateAsync(cancellationToken);
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

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
