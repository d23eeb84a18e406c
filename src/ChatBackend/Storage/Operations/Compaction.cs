using Microsoft.Extensions.Configuration;

namespace ChatBackend.Storage;

/// <summary>Rewrites the log without its free space, and lets it give space back by itself from then on.</summary>
internal static class Compaction
{
    public static int Run(IConfiguration configuration, string directory, TextWriter output)
    {
        if (!File.Exists(Path.Combine(directory, "chat.db")))
        {
            throw new InvalidOperationException($"{Path.Combine(directory, "chat.db")} does not exist.");
        }

        using var data = new DataDirectory(configuration[nameof(DataDirectory)]);
        var path = data.File("chat.db");
        var before = new FileInfo(path).Length;
        using (var log = LogFile.Write(path))
        {
            log.Execute("PRAGMA synchronous = FULL");
            log.Execute("PRAGMA auto_vacuum = INCREMENTAL");
            Vacuum(log, data.Path);
            log.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        // Rows have other numbers now, by which the search index refers to them.
        foreach (var name in new[] { "search.db", "search.db-wal", "search.db-shm" })
        {
            File.Delete(data.File(name));
        }

        output.WriteLine($"{path}: {before} bytes became {new FileInfo(path).Length}");
        return 0;
    }

    /// <summary>By way of a file in the data directory: the log may be larger than the memory, and nothing else need be writable.</summary>
    private static void Vacuum(LogFile log, string directory)
    {
        log.Execute("PRAGMA temp_store = FILE");
        log.Execute($"PRAGMA temp_store_directory = '{directory.Replace("'", "''", StringComparison.Ordinal)}'");
        try
        {
            log.Execute("VACUUM");
        }
        finally
        {
            log.Execute("PRAGMA temp_store_directory = ''"); // it is the whole process's
        }
    }
}
