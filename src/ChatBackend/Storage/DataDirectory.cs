namespace ChatBackend.Storage;

/// <summary>Where this copy of the server keeps what must survive it: log, keys, certificate. One process at a time, and for its owner only.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersMay =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // What a start without it would lose or serve only in part.
    private static readonly string[] Needed = ["chat.db", "chat.db-wal", "chat.db-shm", "search.db", "search.db-wal", "search.db-shm", "keys", "lock"];

    private readonly DirectoryLock _lock;

    /// <exception cref="InvalidOperationException">
    /// Another process uses the directory, others may read it and that cannot be changed, or this process may not read and write what is in it.
    /// </exception>
    /// <param name="path">Null or empty for the default of <see cref="ChatBackendOptions.DataDirectory"/>.</param>
    public DataDirectory(string? path)
    {
        Path = System.IO.Path.GetFullPath(string.IsNullOrEmpty(path) ? ChatBackendOptions.DefaultDataDirectory : path);
        Create(Path);
        Path = Directory.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName ?? Path;
        WasOpenToOthers = MakePrivate();
        RequireAccess(Path);
        Needed.Select(File).ToList().ForEach(RequireAccess);
        _lock = new DirectoryLock(Path);
        MakeFilesPrivate();
    }

    /// <summary>The directory itself, where a link leads to.</summary>
    public string Path { get; }

    /// <summary>Others could look into it, until this process changed that.</summary>
    internal bool WasOpenToOthers { get; }

    /// <inheritdoc cref="DirectoryLock.ThrowIfLost"/>
    internal void ThrowIfNotHeld() => _lock.ThrowIfLost();

    /// <summary>The path of a file in it, which need not be there.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, readable by its owner only, so that a power cut leaves the one from before or this one, whole.</summary>
    public void Write(string name, ReadOnlySpan<byte> content) => DurableFile.Write(File(name), content);

    /// <summary>Makes the names of the files in it durable.</summary>
    internal void Sync() => DurableFile.SyncDirectory(Path);

    /// <returns>The path of a folder in it, which is there now.</returns>
    internal string CreateFolder(string name)
    {
        Create(File(name));
        return File(name);
    }

    /// <summary>Lets another process use the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private static void Create(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        try
        {
            Directory.CreateDirectory(path, Private);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"{path} does not exist and cannot be made ({ex.Message}). Make it and give it to the user that the server runs as (chown), "
                + "or name another data directory: --DataDirectory=<path>.",
                ex);
        }

        DurableFile.SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
    }

    /// <summary>Before anything is read, so that a log without its keys, or one that cannot be written, is not taken for all there is.</summary>
    private void RequireAccess(string path)
    {
        if (OperatingSystem.IsWindows() || !System.IO.Path.Exists(path))
        {
            return;
        }

        var entries = path == File("keys") && NativeFile.IsAccessible(path, out _) ? Directory.EnumerateFiles(path).Prepend(path) : [path];
        foreach (var entry in entries)
        {
            if (!NativeFile.IsAccessible(entry, out var reason))
            {
                throw new InvalidOperationException(
                    $"{entry} cannot be read and written by the user that the server runs as: {reason}. "
                    + $"Give the data directory {Path} and all in it to that user (chown -R), with mode 700.");
            }
        }
    }

    private bool MakePrivate()
    {
        if (OperatingSystem.IsWindows() || (System.IO.File.GetUnixFileMode(Path) & OthersMay) == 0)
        {
            return false;
        }

        try
        {
            System.IO.File.SetUnixFileMode(Path, Private);
            return true;
        }
        catch (UnauthorizedAccessException ex)
        {
            throw new InvalidOperationException(
                $"The data directory {Path} can be read by other users and belongs to another one, so that it cannot be made private. "
                + "Give it to the user that the server runs as (chown) with mode 700, or name a directory below it, which the server creates: --DataDirectory=<path>.",
                ex);
        }
    }

    private void MakeFilesPrivate()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var entries = new DirectoryInfo(Path).EnumerateFileSystemInfos("*", SearchOption.TopDirectoryOnly);
        foreach (var entry in entries.Where(entry => entry.LinkTarget is null && (entry.UnixFileMode & OthersMay) != 0))
        {
            try
            {
                entry.UnixFileMode &= ~OthersMay;
            }
            catch (UnauthorizedAccessException)
            {
                // Not ours, and out of reach of other users all the same: the directory is private.
            }
        }
    }
}
