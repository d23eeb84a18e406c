using Microsoft.Extensions.Configuration;

namespace ChatBackend.Storage;

/// <summary>Where this copy of the server keeps what must survive it: log, keys, certificate. One process at a time.</summary>
public sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    /// <exception cref="InvalidOperationException">Another process uses the directory.</exception>
    public DataDirectory(IConfiguration configuration)
    {
        Path = System.IO.Path.GetFullPath(configuration["DataDirectory"] is { Length: > 0 } path ? path : "data");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path);
        }
        else
        {
            Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        try
        {
            _lock = new FileStream(File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new InvalidOperationException(
                $"The data directory {Path} is in use by another process. Give this one its own: --DataDirectory=<path>.", taken);
        }
    }

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _lock.Dispose();
}
