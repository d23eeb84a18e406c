using System.Security.Cryptography;
using System.Text;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// Keeps unanswered commands in a folder, in one file for each user: a line is added and flushed to the disk for each that is sent, another line when it is
/// answered, and the file is emptied whenever nothing waits. No other process can open a user's file meanwhile; other users may use the same folder. The files hold
/// what people wrote, and are readable to their owner only where the system knows such rights.
/// </summary>
public sealed class FileSendStore : ISendStore, IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly Dictionary<UserId, SendFile> _files = [];

    /// <param name="folder">Made when it is not there.</param>
    /// <exception cref="IOException">There is a file of this name, as a store of an earlier version, which does not say whose messages it holds.</exception>
    public FileSendStore(string folder)
    {
        _folder = Path.GetFullPath(folder);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_folder);
        }
        else
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <exception cref="IOException">The user's file cannot be opened, or is open already.</exception>
    /// <exception cref="InvalidDataException">The file is not such a store.</exception>
    public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue(user, out var file))
            {
                // A name of the same length and letters for every id: one that is legal everywhere, also where names do not tell upper case from lower.
                var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(user.Value))).ToLowerInvariant();
                _files[user] = file = SendFile.Open(Path.Combine(_folder, $"{name}.sends"));
            }

            return new(file.All());
        }
    }

    public ValueTask SaveAsync(UserId user, StoredSend send)
    {
        ArgumentNullException.ThrowIfNull(send);
        lock (_lock)
        {
            FileOf(user).Save(send);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(UserId user, ClientFrameId id)
    {
        lock (_lock)
        {
            FileOf(user).Remove(id);
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _files.Values)
            {
                file.Dispose();
            }
        }
    }

    private SendFile FileOf(UserId user) => _files.GetValueOrDefault(user) ?? throw new InvalidOperationException("LoadAsync opens a user's file.");
}
