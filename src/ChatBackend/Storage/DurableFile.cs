namespace ChatBackend.Storage;

/// <summary>Files that must survive a power cut: whole, under their name, or not there at all.</summary>
internal static class DurableFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the file. Its bytes are on the disk before its name leads to them, and the name is before this returns.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        // In the same directory: the system's temporary one may be read-only, or another file system.
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var file = Create(unfinished))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>A new, empty file that only its owner may read.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        return new FileStream(path, options);
    }

    /// <summary>Makes the names in a directory durable. Windows does that by itself.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var directory = NativeFile.OpenDirectory(path);
        NativeFile.Sync(directory, path);
    }
}
