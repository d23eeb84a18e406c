namespace ChatBackend.Storage;

/// <summary>Log, keys and certificate of one moment in a directory of their own, beside a server that may be at work.</summary>
internal static class Backup
{
    private static readonly string[] Beside = ["keys", "localhost.pfx"];

    public static int Write(string directory, string target, TextWriter output)
    {
        var log = Path.Combine(directory, "chat.db");
        if (!File.Exists(log))
        {
            throw new InvalidOperationException($"{log} does not exist.");
        }

        if (Directory.Exists(target) || File.Exists(target))
        {
            throw new InvalidOperationException($"{target} exists already. A backup is written into a new directory.");
        }

        // Under its name only when it is whole.
        var unfinished = target + ".partial";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        PrivateFiles.CreateDirectory(unfinished);
        var manifest = CopyLog(log, Path.Combine(unfinished, "chat.db"));
        // After the log: a key that was made meanwhile is one too many, never one too few.
        foreach (var name in Beside)
        {
            PrivateFiles.Copy(Path.Combine(directory, name), Path.Combine(unfinished, name));
        }

        manifest = manifest with { Files = BackupManifest.Hash(unfinished) };
        DurableFile.Write(Path.Combine(unfinished, BackupManifest.FileName), manifest.ToJson());
        Directory.Move(unfinished, target);
        DurableFile.SyncDirectory(Path.GetDirectoryName(target)!);
        output.WriteLine($"{target}: log {manifest.LogId}, {manifest.Threads} threads, {manifest.Events} events, {manifest.Files.Count} files");
        return 0;
    }

    private static BackupManifest CopyLog(string from, string to)
    {
        DurableFile.Create(to).Dispose();
        using (var log = LogFile.Read(from))
        {
            // One consistent state, without what was deleted; the writer is not held up.
            log.Execute("VACUUM INTO $to", ("$to", to));
        }

        using (var file = File.OpenHandle(to, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(file);
        }

        using var copy = LogFile.Read(to);
        return new BackupManifest
        {
            MadeAt = TimeProvider.System.GetUtcNow(),
            LogId = copy.Text("SELECT id FROM store"),
            Schema = copy.Number("PRAGMA user_version"),
            Threads = copy.Number("SELECT count(*) FROM threads WHERE deleted = 0"),
            Events = copy.Number("SELECT count(*) FROM events"),
            Files = [],
        };
    }
}
