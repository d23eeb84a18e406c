using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Storage;

/// <summary>Puts a backup in the place of the data directory's files, as a new history: under an id of its own, so that clients notice.</summary>
internal static class Restore
{
    // With what belongs to the state that goes: a write-ahead log of another log is replayed by SQLite, and the search index is made again.
    private static readonly string[] Replaced =
    [
        "chat.db", "chat.db-wal", "chat.db-shm", "search.db", "search.db-wal", "search.db-shm", "keys", "localhost.pfx",
    ];

    public static int Run(IConfiguration configuration, string source, bool isForced, TextWriter output)
    {
        var manifest = BackupManifest.Read(source) ?? throw new InvalidOperationException($"{source} is not a backup: it has no {BackupManifest.FileName}.");
        if (manifest.Differences(source).ToList() is { Count: > 0 } differences)
        {
            throw new InvalidOperationException($"{source} is damaged: {string.Join("; ", differences)}");
        }

        // Holds the lock: never under a running server.
        using var data = new DataDirectory(configuration[nameof(DataDirectory)]);
        var present = Replaced.Where(name => Path.Exists(data.File(name))).ToList();
        if (present.Count > 0 && !isForced)
        {
            throw new InvalidOperationException(
                $"{data.Path} is not empty ({string.Join(", ", present)}). With --force what is there is moved aside first.");
        }

        if (present.Count > 0)
        {
            MoveAside(data, present, output);
        }

        var staged = data.File("chat.db.restoring");
        PrivateFiles.Copy(Path.Combine(source, "chat.db"), staged);
        var logId = BeginNewHistory(staged);
        foreach (var name in manifest.Files.Keys.Select(file => file.Split('/')[0]).Distinct().Where(name => name != "chat.db"))
        {
            PrivateFiles.Copy(Path.Combine(source, name), data.File(name));
        }

        // Last: without it the directory is not taken for one that can be started on.
        File.Move(staged, data.File("chat.db"));
        data.Sync();
        output.WriteLine($"{data.Path}: restored from {source}, {manifest.Threads} threads, {manifest.Events} events; the log is {logId} from now on");
        return 0;
    }

    private static void MoveAside(DataDirectory data, List<string> present, TextWriter output)
    {
        var stamp = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var aside = data.CreateFolder($"before-restore-{stamp}");
        foreach (var name in present)
        {
            Directory.Move(data.File(name), Path.Combine(aside, name));
        }

        data.Sync();
        output.WriteLine($"What was there is in {aside}");
    }

    private static string BeginNewHistory(string path)
    {
        using var log = LogFile.Write(path);
        log.Execute("PRAGMA synchronous = FULL");
        log.Execute("UPDATE store SET id = lower(hex(randomblob(16)))");
        // Into the file itself, which gets its name next.
        log.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        return log.Text("SELECT id FROM store");
    }
}
