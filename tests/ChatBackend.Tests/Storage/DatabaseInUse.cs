using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>A log's file as a process has it open, without the writer and the readers around it.</summary>
[SupportedOSPlatform("linux")]
public abstract class DatabaseInUse : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-database-");

    protected DatabaseInUse() => Database = new SqliteDatabase(Log, Lines.CreateLogger("Database"));

    private protected SqliteDatabase Database { get; }

    private protected LogLines Lines { get; } = new("Database");

    protected string Log => Path.Combine(_directory.FullName, "chat.db");

    protected string Wal => Log + "-wal";

    public void Dispose()
    {
        Database.Dispose();
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected void ShouldBeLost(string how) => Database.Invoking(database => database.ThrowIfLost()).Should().Throw<LogUnavailableException>().WithMessage(how);

    /// <summary>With so much beside the schema in the WAL.</summary>
    protected void Open(int rows = 0) => Open(Database, rows);

    private protected static void Open(SqliteDatabase database, int rows)
    {
        SqliteSchema.Ensure(database);
        using var connection = database.OpenAgain();
        connection.Execute("CREATE TABLE filler (c)");
        connection.Execute($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) INSERT INTO filler SELECT randomblob(1000) FROM n");
    }

    /// <summary>Another file under its name.</summary>
    protected void Replace(byte[] content)
    {
        File.WriteAllBytes(Log + ".new", content);
        File.Move(Log + ".new", Log, overwrite: true);
    }

    /// <summary>What this process has open of it.</summary>
    protected IEnumerable<string> OpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(entry => new FileInfo(entry).LinkTarget).OfType<string>().Where(target => target.StartsWith(_directory.FullName, StringComparison.Ordinal));
}
