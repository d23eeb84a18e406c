using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>
/// One thread's events from the first one on, held against what the protocol promises of messages, runs, parts and tools. Keeps what
/// its checks need, not the events. Guarded by its owner.
/// </summary>
internal sealed class ThreadLedger(ThreadId thread, Action<string> broken)
{
    private readonly Dictionary<RunId, RunLedger> _runs = [];
    private readonly Dictionary<MessageId, MessageLedger> _messages = [];
    private readonly Dictionary<ClientFrameId, MessageLedger> _byClientId = [];
    private readonly SortedDictionary<long, MessageLedger> _waiting = [];
    private readonly Dictionary<long, (CallId Call, ApprovalDecision Decision)> _decisions = [];
    private RunLedger? _open;
    private ThreadEvent? _last;

    public ThreadId Thread => thread;

    public long Head => _last?.Seq ?? 0;

    public IReadOnlyCollection<RunLedger> Runs => _runs.Values;

    public IReadOnlyCollection<MessageLedger> Messages => _messages.Values;

    /// <summary>The decisions by their <c>seq</c>.</summary>
    public IReadOnlyDictionary<long, (CallId Call, ApprovalDecision Decision)> Decisions => _decisions;

    /// <summary>No message waits for an answer, and no run is open.</summary>
    public bool IsQuiet => _waiting.Count == 0 && _open is null;

    public RunLedger? RunOf(RunId id) => _runs.GetValueOrDefault(id);

    public MessageLedger? MessageOf(ClientFrameId id) => _byClientId.GetValueOrDefault(id);

    /// <summary>After which event text of a part may come, and before which.</summary>
    public (long From, long To) LifeOf(RunId run, PartId part) =>
        _runs.TryGetValue(run, out var known) ? (known.Started.Seq, Math.Min(known.EndSeq, known.PartEnds.GetValueOrDefault(part, long.MaxValue))) : (long.MaxValue, 0);

    public override string ToString() => $"{thread}: {Head} events, {_waiting.Count} waiting messages, open run {_open?.Started.RunId.Value ?? "none"}";

    public void Take(PartDelta delta)
    {
        var (from, to) = LifeOf(delta.RunId, delta.PartId);
        Promise(from <= Head && Head < to, delta, "is of a run that is not open, or of a part that is over");
    }

    public void Take(ThreadEvent threadEvent)
    {
        Promise(_last is not ThreadRewound || threadEvent is UserMessage { Replaces: not null }, threadEvent, "comes directly after a rewind");
        switch (threadEvent)
        {
            case UserMessage message:
                Accept(message);
                break;
            case MessageRemoved removed:
                Settle(removed, removed.MessageId, MessageEnd.Removed);
                break;
            case ThreadRewound rewound:
                foreach (var replaced in _waiting.Where(waiting => waiting.Key > rewound.ToSeq).Select(waiting => waiting.Value).ToList())
                {
                    Settle(rewound, replaced.Message.MessageId, MessageEnd.Rewound);
                }

                break;
            case AgentStarted started:
                Promise(_open is null, started, "starts while another run is open");
                Settle(started, started.MessageId, MessageEnd.Answered);
                _open = new RunLedger(started, _messages.GetValueOrDefault(started.MessageId)?.Message);
                Promise(_runs.TryAdd(started.RunId, _open), started, "starts twice");
                break;
            case RunEvent later:
                TakeOfRun(later);
                break;
        }

        _last = threadEvent;
    }

    private void Accept(UserMessage message)
    {
        var accepted = new MessageLedger(message);
        Promise(message.Replaces is null || _last is ThreadRewound, message, "replaces without a rewind directly before");
        Promise(_byClientId.TryAdd(message.ClientId, accepted), message, "was taken twice");
        Promise(_messages.TryAdd(message.MessageId, accepted), message, "has an id that was there before");
        _waiting.Add(message.Seq, accepted);
    }

    private void Settle(ThreadEvent threadEvent, MessageId id, MessageEnd end)
    {
        if (!_messages.TryGetValue(id, out var message) || !_waiting.Remove(message.Message.Seq))
        {
            Promise(false, threadEvent, $"is for {id}, which does not wait: {message?.End.ToString() ?? "it is not there"}");
            return;
        }

        message.End = end;
    }

    private void TakeOfRun(RunEvent threadEvent)
    {
        if (_open is not { } run || threadEvent.RunId != run.Started.RunId)
        {
            Promise(false, threadEvent, $"is of {threadEvent.RunId}, which is not open");
            return;
        }

        switch (threadEvent)
        {
            case MessageSteered steered:
                Settle(steered, steered.MessageId, MessageEnd.Steered);
                break;
            case ApprovalDecided decided:
                _decisions.Add(decided.Seq, (decided.CallId, decided.Decision));
                break;
        }

        foreach (var problem in run.Take(threadEvent))
        {
            Promise(false, threadEvent, problem);
        }

        if (run.EndSeq < long.MaxValue)
        {
            _open = null;
        }
    }

    private void Promise(bool isKept, ServerFrame frame, string how)
    {
        if (!isKept)
        {
            broken($"{thread}: {frame.GetType().Name} {(frame as ThreadEvent)?.Seq ?? (frame as PartDelta)?.Offset} {how}");
        }
    }
}

/// <summary>A message of the log and what became of it.</summary>
internal sealed class MessageLedger(UserMessage message)
{
    public UserMessage Message => message;

    public MessageEnd End { get; set; }
}

internal enum MessageEnd
{
    None,
    Answered,
    Steered,
    Removed,
    Rewound,
}
