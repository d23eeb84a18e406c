using Microsoft.Win32.SafeHandles;

namespace ChatBackend.Storage;

/// <summary>
/// One process at a time in a directory. The directory itself is locked, since a file in it can be removed and made again under its holder;
/// the file <c>lock</c> beside that keeps earlier versions out, which look at nothing else.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly string _directory;
    private readonly string _path;
    private readonly SafeFileHandle? _held;
    private readonly WatchedFile _watched;
    private FileStream _file;

    /// <exception cref="InvalidOperationException">Another process has it, or it cannot be locked at all.</exception>
    public DirectoryLock(string directory)
    {
        _directory = directory;
        _path = Path.Combine(directory, "lock");
        _watched = new WatchedFile(_path);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                _held = NativeFile.OpenDirectory(directory);
                if (!NativeFile.TryLock(_held, directory))
                {
                    throw InUse(null);
                }
            }

            _file = LockFile();
        }
        catch (Exception ex)
        {
            _held?.Dispose();
            throw ex is IOException or UnauthorizedAccessException
                ? new InvalidOperationException($"The data directory {directory} cannot be locked: {ex.Message}", ex)
                : ex;
        }
    }

    /// <summary>Puts back the file when it was removed: the directory is still ours. To be called before anything is acknowledged.</summary>
    /// <exception cref="LogUnavailableException">Another process has the file that stands there now.</exception>
    public void ThrowIfLost()
    {
        if (!_watched.HasMoved)
        {
            return;
        }

        try
        {
            var file = LockFile();
            _file.Dispose();
            _file = file;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new LogUnavailableException(
                $"The lock of the data directory, {_path}, was removed or replaced and cannot be had again ({ex.Message}). End the other process, or restart this one.", ex);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _held?.Dispose();
    }

    private FileStream LockFile()
    {
        var file = Open();
        _watched.Remember();
        return file;
    }

    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileStream(_path, options);
        }
        catch (IOException ex) when (IsHeldElsewhere(ex))
        {
            throw InUse(ex);
        }
    }

    // Windows: a sharing or lock violation. Unix: the error of the lock itself, EWOULDBLOCK.
    private static bool IsHeldElsewhere(IOException ex) =>
        OperatingSystem.IsWindows() ? (ex.HResult & 0xFFFF) is 32 or 33 : ex.HResult is 11 or 35;

    private DirectoryInUseException InUse(Exception? ex) => new(
        $"The data directory {_directory} is in use by another process. Give this one its own: --DataDirectory=<path>.", ex);
}
