using ChatBackend.Protocol;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>A thread that a tab follows: how far it is, and which messages somebody waits for. Guarded by its tab.</summary>
internal sealed class Following(FollowerLedger ledger)
{
    private readonly Dictionary<RunId, List<MessageId>> _answers = [];
    private readonly Dictionary<MessageId, long> _accepted = [];
    private readonly Dictionary<MessageId, TaskCompletionSource> _waits = [];
    private readonly HashSet<MessageId> _ended = [];

    public FollowerLedger Ledger => ledger;

    /// <summary>The follow that is on its way or answered on the open socket.</summary>
    public ClientFrameId? Asked { get; private set; }

    /// <summary>The unfollow that is on its way.</summary>
    public ClientFrameId? Leaving { get; set; }

    /// <summary>Takes its place when it has left.</summary>
    public Following? Next { get; set; }

    /// <summary>The call that waits for a decision; a run asks for one at a time.</summary>
    public ApprovalRequired? Asks { get; private set; }

    public TaskCompletionSource CaughtUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FollowFrame Frame()
    {
        var frame = new FollowFrame { Id = ClientFrameId.New(), ThreadId = ledger.Thread, AfterSeq = ledger.Cursor, Parts = ledger.Positions };
        Asked = frame.Id;
        return frame;
    }

    public Task EndOf(MessageId message)
    {
        if (_ended.Contains(message))
        {
            return Task.CompletedTask;
        }

        if (!_waits.TryGetValue(message, out var wait))
        {
            _waits.Add(message, wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return wait.Task;
    }

    public void Take(ThreadEvent threadEvent)
    {
        ledger.Take(threadEvent);
        Asks = threadEvent is ApprovalRequired required ? required : threadEvent is RunEvent ? null : Asks;
        switch (threadEvent)
        {
            case UserMessage message:
                _accepted[message.MessageId] = message.Seq;
                break;
            case AgentStarted started:
                _answers[started.RunId] = [started.MessageId];
                break;
            case MessageSteered steered:
                _answers[steered.RunId] = [.. _answers.GetValueOrDefault(steered.RunId, []), steered.MessageId];
                break;
            case MessageRemoved removed:
                End(removed.MessageId);
                break;
            case ThreadRewound rewound:
                foreach (var (message, _) in _accepted.Where(message => message.Value > rewound.ToSeq).ToList())
                {
                    End(message);
                }

                break;
            case AgentCompleted or AgentStopped or AgentFailed when _answers.Remove(((RunEvent)threadEvent).RunId, out var messages):
                messages.ForEach(End);
                break;
        }
    }

    /// <summary>Left, and followed again: what was waited for is still waited for.</summary>
    public void HandOver(Following next)
    {
        foreach (var (run, messages) in _answers)
        {
            next._answers[run] = messages;
        }

        foreach (var (message, seq) in _accepted)
        {
            next._accepted[message] = seq;
        }

        next._ended.UnionWith(_ended);
        foreach (var (message, wait) in _waits)
        {
            next._waits[message] = wait;
        }

        _waits.Clear();
    }

    /// <summary>Nobody is sent anything of it any more.</summary>
    public void End()
    {
        CaughtUp.TrySetCanceled();
        Left.TrySetResult();
        Next?.End();
        foreach (var wait in _waits.Values)
        {
            wait.TrySetCanceled();
        }
    }

    private void End(MessageId message)
    {
        _accepted.Remove(message);
        _ended.Add(message);
        if (_waits.Remove(message, out var wait))
        {
            wait.TrySetResult();
        }
    }
}
