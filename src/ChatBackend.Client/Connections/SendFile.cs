using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>The unanswered commands of one user in one file, which only its owner can read. Not thread-safe.</summary>
internal sealed class SendFile : IDisposable
{
    private const char Saved = '+';
    private const char Removed = '-';
    private const char Refused = '!';

    private readonly FileStream _file;
    private readonly Dictionary<ClientFrameId, StoredSend> _waiting = [];
    private readonly List<ClientFrameId> _order = [];
    private long _end; // what lies beyond is a line that was cut off

    private SendFile(FileStream file) => _file = file;

    /// <exception cref="IOException">It cannot be opened, or is open already.</exception>
    /// <exception cref="InvalidDataException">It holds something else, which is left alone.</exception>
    public static SendFile Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new SendFile(new FileStream(path, options));
        try
        {
            file.Replay();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What is kept, in the order it was saved.</summary>
    public IReadOnlyList<StoredSend> All() => [.. _order.Select(id => _waiting[id])];

    public void Save(StoredSend send)
    {
        Append($"{Saved}{send.Id} {send.Json}\n{(send.Refusal is { } refusal ? $"{Refused}{send.Id} {refusal}\n" : "")}");
        _file.Flush(flushToDisk: true);
        Keep(send);
    }

    public void Remove(ClientFrameId id)
    {
        if (!Forget(id))
        {
            return;
        }

        if (_order.Count > 0)
        {
            Append($"{Removed}{id}\n");
        }
        else
        {
            _file.SetLength(_end = 0);
        }
    }

    public void Dispose() => _file.Dispose();

    private void Replay()
    {
        var bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        _end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, (int)_end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Replay(line);
        }
    }

    private void Replay(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (line[0] == Saved && space > 0)
        {
            Keep(new StoredSend(new ClientFrameId(line[1..space]), line[(space + 1)..]));
        }
        else if (line[0] == Refused && space > 0 && _waiting.TryGetValue(new ClientFrameId(line[1..space]), out var refused))
        {
            _waiting[refused.Id] = refused with { Refusal = line[(space + 1)..] };
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

    private void Keep(StoredSend send)
    {
        Forget(send.Id);
        _waiting[send.Id] = send;
        _order.Add(send.Id);
    }

    private bool Forget(ClientFrameId id) => _waiting.Remove(id) && _order.Remove(id);
}
