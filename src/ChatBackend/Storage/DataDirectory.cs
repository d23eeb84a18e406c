using Microsoft.Extensions.Configuration;

namespace ChatBackend.Storage;

/// <summary>Where this copy of the server keeps what must survive it: log, keys, certificate. One process at a time, and for its owner only.</summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersMay =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly DirectoryLock _lock;

    /// <exception cref="InvalidOperationException">Another process uses the directory, or others may read it and that cannot be changed.</exception>
    public DataDirectory(IConfiguration configuration)
    {
        Path = System.IO.Path.GetFullPath(configuration["DataDirectory"] is { Length: > 0 } path ? path : "data");
        Create(Path);
        Path = Directory.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName ?? Path;
        WasOpenToOthers = MakePrivate();
        _lock = new DirectoryLock(Path);
        MakeFilesPrivate();
    }

    public string Path { get; }

    /// <summary>Others could look into it, until this process changed that.</summary>
    internal bool WasOpenToOthers { get; }

    /// <inheritdoc cref="DirectoryLock.ThrowIfLost"/>
    internal void ThrowIfNotHeld() => _lock.ThrowIfLost();

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

        Directory.CreateDirectory(path, Private);
        DurableFile.SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
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
                // Not ours, and out of everybody's reach all the same: the directory is private.
            }
        }
    }
}
