using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// Brings the file to the schema of this version when the process starts. The schema is the numbered scripts beside this file, applied in order,
/// each in a transaction of its own that also raises <c>user_version</c> to its number. A script that was released is never changed.
/// </summary>
internal static class SqliteSchema
{
    private static readonly string[] Scripts = ReadScripts();

    /// <summary>The number of the newest script.</summary>
    public static long Newest => Scripts.Length;

    public static OpenedLog Ensure(SqliteDatabase database)
    {
        var isNew = new FileInfo(database.Path) is not { Exists: true, Length: > 0 };
        var wal = WalFile.Read(database.Path);
        if (wal is { IsDamaged: true })
        {
            // SQLite cuts it off where it stops to understand it.
            File.Copy(database.Path + "-wal", database.Path + "-wal.damaged", overwrite: true);
        }

        using var connection = database.OpenFirst();
        Upgrade(connection, Newest);

        // Into the file itself, by which the log is known; and what a process that died had erased is not left in its WAL.
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

        database.TrackCurrentFile();
        return new OpenedLog(database.LogId, isNew, Newest, connection.Scalar("SELECT count(*) FROM threads WHERE deleted = 0"), wal);
    }

    /// <summary>Applies the scripts that are missing, up to the one of number <paramref name="version"/>.</summary>
    /// <exception cref="InvalidOperationException">A later version of the program wrote the file.</exception>
    internal static void Upgrade(SqliteConnection connection, long version)
    {
        var applied = ReadVersion(connection);
        if (applied > Newest)
        {
            throw new InvalidOperationException(
                $"The event log was written by a later version (schema {applied}, this version knows {Newest}). Start that version, or use another data directory.");
        }

        for (var number = applied + 1; number <= version; number++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(Scripts[number - 1]);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {number}"));
            transaction.Commit();
        }
    }

    private static long ReadVersion(SqliteConnection connection)
    {
        if (connection.Scalar("PRAGMA user_version") is var version and > 0)
        {
            return version;
        }

        // The first three versions of the schema were recorded by Entity Framework, one row each.
        return connection.Scalar("SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'") == 0
            ? 0
            : connection.Scalar("""SELECT count(*) FROM "__EFMigrationsHistory" """);
    }

    private static string[] ReadScripts()
    {
        var assembly = typeof(SqliteSchema).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(name => char.IsAsciiDigit(name[0])).Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        })];
    }
}
