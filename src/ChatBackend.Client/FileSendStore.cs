using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// Keeps unanswered commands in one file: a line is added and flushed to the disk for each that is sent, another line when it is
/// answered, and the file is emptied whenever nothing waits. Nobody else can open it meanwhile. It holds what the user wrote, and is
/// readable to its owner only where the system knows such rights.
/// </summary>
public sealed class FileSendStore : ISendStore, IDisposable
{
    private const char Saved = '+';
    private const char Removed = '-';

    private readonly FileStream _file;
    private readonly Dictionary<ClientFrameId, string> _waiting = [];
    private readonly List<ClientFrameId> _order = [];
    private long _end; // what lies beyond is a line that was cut off

    /// <exception cref="IOException">It cannot be opened, or is open already.</exception>
    public FileSendStore(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _file = new FileStream(path, options);
    }

    /// <exception cref="InvalidDataException">The file is no such store.</exception>
    public async ValueTask<IReadOnlyList<StoredSend>> LoadAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[_file.Length];
        _file.Position = 0;
        await _file.ReadExactlyAsync(bytes, cancellationToken);
        _end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, (int)_end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Replay(line);
        }

        return [.. _order.Select(id => new StoredSend(id, _waiting[id]))];
    }

    public ValueTask SaveAsync(StoredSend send)
    {
        ArgumentNullException.ThrowIfNull(send);
        Append($"{Saved}{send.Id} {send.Json}\n");
        _file.Flush(flushToDisk: true);
        Keep(send.Id, send.Json);
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(ClientFrameId id)
    {
        if (!Forget(id))
        {
            return ValueTask.CompletedTask;
        }

        if (_order.Count > 0)
        {
            Append($"{Removed}{id}\n");
        }
        else
        {
            _file.SetLength(_end = 0);
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose() => _file.Dispose();

    private void Append(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        if (_file.Length != _end)
        {
            _file.SetLength(_end); // an append that failed, or that the process did not survive
        }

        _file.Position = _end;
        _file.Write(bytes);
        _end += bytes.Length;
    }

    private void Replay(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (line[0] == Saved && space > 0)
        {
            Keep(new ClientFrameId(line[1..space]), line[(space + 1)..]);
        }
        else if (line[0] == Removed)
        {
            Forget(new ClientFrameId(line[1..]));
        }
        else
        {
            throw new InvalidDataException($"{_file.Name} does not hold commands that wait.");
        }
    }

    private void Keep(ClientFrameId id, string json)
    {
        Forget(id);
        _waiting[id] = json;
        _order.Add(id);
    }

    private bool Forget(ClientFrameId id) => _waiting.Remove(id) && _order.Remove(id);
}
