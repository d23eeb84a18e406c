using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>Threads as one connection of the client library was sent them from their first event on, over all its sockets. Takes frames as they arrive, before the client makes sense of them.</summary>
internal sealed class Ledger
{
    private readonly Lock _lock = new();
    private readonly Sightings? _sightings;
    private readonly Dictionary<ThreadId, (FollowerLedger Follower, ThreadLedger Thread)> _threads = [];
    private readonly List<string> _violations = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Ledger(Sightings? sightings = null) => _sightings = sightings;

    public IReadOnlyList<ThreadLedger> Threads
    {
        get
        {
            lock (_lock)
            {
                return [.. _threads.Values.Select(thread => thread.Thread)];
            }
        }
    }

    public ThreadLedger this[ThreadId thread]
    {
        get
        {
            lock (_lock)
            {
                return _threads[thread].Thread;
            }
        }
    }

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
            {
                return [.. _violations];
            }
        }
    }

    public void Take(ServerFrame frame)
    {
        if (ThreadOf(frame) is not { } id)
        {
            return;
        }

        lock (_lock)
        {
            if (!_threads.TryGetValue(id, out var thread))
            {
                _threads.Add(id, thread = (new FollowerLedger(id, cursor: 0, _violations.Add), new ThreadLedger(id, _violations.Add)));
            }

            Take(frame, thread.Follower, thread.Thread);
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Until no message waits for an answer and no run is open in any of the threads.</summary>
    public async Task QuietAsync()
    {
        using var late = new CancellationTokenSource(Clients.Patience);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_threads.Values.All(thread => thread.Thread.IsQuiet))
                {
                    return;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(string.Join('\n', Threads.Where(thread => !thread.IsQuiet)));
            }
        }
    }

    /// <summary>A connection of its own that follows threads from their beginning, and its ledger.</summary>
    public static async Task<(ChatConnection Connection, Ledger Ledger)> FollowAsync(
        ServerProcess server, GuestSession guest, IEnumerable<ThreadId> threads, Sightings? sightings = null)
    {
        var ledger = new Ledger(sightings);
        var connection = await server.ConnectAsync(guest, ledger.Take);
        await Task.WhenAll(threads.Select(thread => connection.FollowAsync(thread))).Soon();
        return (connection, ledger);
    }

    private void Take(ServerFrame frame, FollowerLedger follower, ThreadLedger thread)
    {
        switch (frame)
        {
            case CaughtUp caughtUp:
                follower.Take(caughtUp);
                break;
            case PartDelta delta:
                thread.Take(delta);
                _sightings?.Take(delta, follower.Cursor);
                follower.Take(delta);
                break;
            case ThreadEvent threadEvent:
                follower.Take(threadEvent);
                thread.Take(threadEvent);
                if (_sightings?.Take(threadEvent, WireJson.Encode(threadEvent)) == false)
                {
                    _violations.Add($"{threadEvent.ThreadId}: event {threadEvent.Seq} is not what others were sent");
                }

                break;
        }
    }

    private static ThreadId? ThreadOf(ServerFrame frame) => frame switch
    {
        ThreadEvent threadEvent => threadEvent.ThreadId,
        PartDelta delta => delta.ThreadId,
        CaughtUp caughtUp => caughtUp.ThreadId,
        _ => null,
    };
}
