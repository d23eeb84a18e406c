namespace ChatBackend.Storage;

/// <summary>Copies that only their owner may read, and that are on the disk.</summary>
internal static class PrivateFiles
{
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A file, or a directory with what is in it; nothing where there is none.</summary>
    public static void Copy(string from, string to)
    {
        if (Directory.Exists(from))
        {
            CreateDirectory(to);
            foreach (var file in Directory.EnumerateFiles(from))
            {
                Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }

            DurableFile.SyncDirectory(to);
        }
        else if (File.Exists(from))
        {
            File.Delete(to);
            using var source = File.OpenRead(from);
            using var copy = DurableFile.Create(to);
            source.CopyTo(copy);
            copy.Flush(flushToDisk: true);
        }
    }
}
