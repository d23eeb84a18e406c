namespace ChatBackend.Storage;

/// <summary>Writes in the order of the calls, bounded in bytes; what is being committed counts, since it is still held.</summary>
/// <param name="gather">How long those are waited for who shared the last commit.</param>
internal sealed class PendingWrites(long maxBytes, TimeSpan gather)
{
    private readonly object _gate = new();
    private List<PendingWrite> _waiting = [];
    private int _lastTaken;
    private long _bytes;
    private bool _closed;

    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Writes that no commit has taken yet.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    public Task<TResult> Add<TResult>(PendingWrite<TResult> write)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<TResult>(new LogUnavailableException("The event log is closed: the server is stopping."));
            }

            if (_bytes + write.Bytes > maxBytes)
            {
                return Task.FromException<TResult>(new LogUnavailableException(
                    $"The store is behind: {_bytes} bytes wait for it, {maxBytes} may."));
            }

            _bytes += write.Bytes;
            _waiting.Add(write);
            if (_waiting.Count == 1 || _waiting.Count == _lastTaken)
            {
                Monitor.Pulse(_gate);
            }

            return write.Completion;
        }
    }

    /// <summary>
    /// Everything that waits, as soon as anything does; nothing when nothing has come for as long as <paramref name="patience"/>.
    /// Who shared the last commit tends to write again at once, and another commit costs as much for one as for all: until as many wait
    /// again, a moment is given to the rest. A writer that wrote alone is not held up.
    /// </summary>
    /// <returns>False once closed and drained.</returns>
    public bool TryDequeueAll(TimeSpan patience, out List<PendingWrite> writes)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate, patience);
            }

            if (_waiting.Count == 0)
            {
                writes = [];
                return !_closed;
            }

            if (_waiting.Count < _lastTaken && !_closed)
            {
                Monitor.Wait(_gate, gather);
            }

            writes = _waiting;
            _lastTaken = writes.Count;
            _waiting = [];
            return true;
        }
    }

    public void Release(long bytes)
    {
        lock (_gate)
        {
            _bytes -= bytes;
        }
    }

    /// <summary>Refuses what comes from now on; what is in is still taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
