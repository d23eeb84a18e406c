using ChatBackend.Protocol;

namespace ChatBackend.Connections;

/// <summary>Commands of one connection that wait for their answer, carried out one after the other in the order they came, bounded by number and bytes.</summary>
/// <param name="carryOut">Gets the command and when it came. Never throws.</param>
internal sealed class CommandQueue(ConnectionOptions limits, TimeProvider clock, Func<ClientCommand, long, Task> carryOut)
{
    private const int BytesOfAnyCommand = 256;

    private readonly Lock _lock = new();
    private readonly Queue<(ClientCommand Command, int Bytes, long ArrivedAt)> _pending = new();
    private int _bytes;
    private Task _working = Task.CompletedTask;
    private bool _isWorking;

    /// <summary>Memory for those that wait.</summary>
    public long WaitingBytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes + (BytesOfAnyCommand * (long)_pending.Count);
            }
        }
    }

    /// <summary>Ends when all that waits now is carried out or dropped.</summary>
    public Task Working
    {
        get
        {
            lock (_lock)
            {
                return _working;
            }
        }
    }

    /// <returns>False when too many wait already.</returns>
    public bool TryAdd(ClientCommand command, int bytes)
    {
        lock (_lock)
        {
            if (_pending.Count >= limits.MaxPendingCommands || (_pending.Count > 0 && _bytes + bytes > limits.MaxPendingBytes))
            {
                return false;
            }

            _pending.Enqueue((command, bytes, clock.GetTimestamp()));
            _bytes += bytes;
            if (!_isWorking)
            {
                _isWorking = true;
                _working = Task.Run(WorkAsync);
            }

            return true;
        }
    }

    /// <summary>Forgets what waits. It has no answer, so that its client sends it again.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _pending.Clear();
            _bytes = 0;
        }
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            (ClientCommand Command, int Bytes, long ArrivedAt) next;
            lock (_lock)
            {
                if (!_pending.TryDequeue(out next))
                {
                    _isWorking = false;
                    return;
                }

                _bytes -= next.Bytes;
            }

            await carryOut(next.Command, next.ArrivedAt);
        }
    }
}
