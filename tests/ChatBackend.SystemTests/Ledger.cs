using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests;

/// <summary>The threads of one user as one connection was sent them, held against what the protocol promises. Takes frames as they arrive, before the client makes sense of them.</summary>
internal sealed class Ledger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ThreadId, ThreadLedger> _threads = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<ThreadLedger> Threads
    {
        get
        {
            lock (_lock)
            {
                return [.. _threads.Values];
            }
        }
    }

    public ThreadLedger this[ThreadId thread]
    {
        get
        {
            lock (_lock)
            {
                return _threads[thread];
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
                _threads.Add(id, thread = new ThreadLedger(id));
            }

            thread.Take(frame);
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
                if (_threads.Values.All(thread => thread.IsQuiet))
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
    public static async Task<(ChatConnection Connection, Ledger Ledger)> FollowAsync(ServerProcess server, GuestSession guest, IEnumerable<ThreadId> threads)
    {
        var ledger = new Ledger();
        var connection = await server.ConnectAsync(guest, ledger.Take);
        await Task.WhenAll(threads.Select(thread => connection.FollowAsync(thread))).Soon();
        return (connection, ledger);
    }

    private static ThreadId? ThreadOf(ServerFrame frame) => frame switch
    {
        ThreadEvent happened => happened.ThreadId,
        PartDelta delta => delta.ThreadId,
        CaughtUp caughtUp => caughtUp.ThreadId,
        _ => null,
    };
}

/// <summary>One thread's frames in the order they were sent, and every promise that they break. Guarded by its <see cref="Ledger"/>.</summary>
internal sealed class ThreadLedger(ThreadId thread)
{
    private readonly List<ThreadEvent> _events = [];
    private readonly List<string> _violations = [];
    private readonly Dictionary<RunId, AgentStarted> _runs = [];
    private readonly Dictionary<RunId, RunEvent> _ends = [];
    private readonly Dictionary<CallId, ToolExecuting> _openTools = [];
    private readonly Dictionary<MessageId, UserMessage> _waiting = [];
    private readonly HashSet<ClientFrameId> _clientIds = [];
    private (PartId Id, int Length) _part;

    public ThreadId Thread => thread;

    public IReadOnlyList<ThreadEvent> Events => _events;

    public IReadOnlyList<string> Violations => _violations;

    public IReadOnlyDictionary<RunId, AgentStarted> Runs => _runs;

    public IReadOnlyDictionary<RunId, RunEvent> Ends => _ends;

    public bool IsQuiet => _waiting.Count == 0 && _ends.Count == _runs.Count;

    public override string ToString() => $"{thread}: {_events.Count} events, {_waiting.Count} waiting messages, open runs {string.Join(' ', _runs.Keys.Except(_ends.Keys))}";

    public void Take(ServerFrame frame)
    {
        switch (frame)
        {
            case CaughtUp caughtUp:
                Promise(caughtUp.Seq == _events.Count, caughtUp, $"is told after event {_events.Count}");
                break;
            case PartDelta delta:
                _part = _part.Id == delta.PartId ? _part : (delta.PartId, 0);
                Promise(_runs.ContainsKey(delta.RunId) && !_ends.ContainsKey(delta.RunId), delta, "is of a run that is not open");
                Promise(delta.Offset == _part.Length, delta, $"comes after {_part.Length} characters");
                _part.Length = delta.Offset + delta.Text.Length;
                break;
            case ThreadEvent happened:
                TakeEvent(happened);
                break;
        }
    }

    private void TakeEvent(ThreadEvent happened)
    {
        Promise(happened.Seq == _events.Count + 1, happened, $"comes after {_events.Count}");
        _events.Add(happened);
        switch (happened)
        {
            case UserMessage message:
                Promise(_clientIds.Add(message.ClientId), happened, "was taken twice");
                _waiting.Add(message.MessageId, message);
                break;
            case AgentStarted started:
                Promise(_runs.Count == _ends.Count, happened, "starts while another run is open");
                Promise(_waiting.Remove(started.MessageId), happened, "answers a message that does not wait");
                Promise(_runs.TryAdd(started.RunId, started), happened, "starts twice");
                break;
            case RunEvent later:
                Promise(_runs.ContainsKey(later.RunId) && !_ends.ContainsKey(later.RunId), happened, "is of a run that is not open");
                TakeOfRun(later);
                break;
        }
    }

    private void TakeOfRun(RunEvent happened)
    {
        switch (happened)
        {
            case ToolExecuting executing:
                Promise(_openTools.TryAdd(executing.CallId, executing), happened, "executes twice");
                break;
            case ToolCompleted completed:
                Promise(_openTools.Remove(completed.CallId), happened, "completes a call that is not open");
                break;
            case AgentCompleted or AgentStopped or AgentFailed:
                Promise(_openTools.Count == 0, happened, "ends a run whose tools are open");
                Promise(_ends.TryAdd(happened.RunId, happened), happened, "ends a run twice");
                break;
        }
    }

    private void Promise(bool isKept, ServerFrame frame, string how)
    {
        if (!isKept)
        {
            var place = (frame as ThreadEvent)?.Seq ?? (frame as CaughtUp)?.Seq ?? (frame as PartDelta)?.Offset;
            _violations.Add($"{thread}: {frame.GetType().Name} {place} {how}");
        }
    }
}
