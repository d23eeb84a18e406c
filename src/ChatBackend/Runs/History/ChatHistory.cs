using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>
/// A fold over neighbouring events of a thread: messages and their answers, in the order of the answers, of those that are on the active path.
/// Since a log never changes, it stays right for as long as the events that follow are added, unless one of them chooses another branch. Not thread-safe.
/// </summary>
/// <param name="path">As it is after the last event that is there already: what is not on it is never taken in.</param>
internal sealed class ChatHistory(ActivePath path)
{
    private readonly HashSet<MessageId> _replaced = []; // that were not taken in, and may have entered a run
    private readonly Dictionary<MessageId, UserMessage> _waiting = [];
    private readonly List<ChatTurn> _answered = [];
    private readonly List<Cut> _cuts = [];
    private long _first;

    public ChatHistory() : this(new ActivePath())
    {
    }

    /// <summary>The <c>seq</c> of the last event that was added; 0 before the first.</summary>
    public long Seq { get; private set; }

    /// <summary>What it holds in memory, roughly.</summary>
    public long Bytes => _answered.Sum(turn => turn.Bytes) + _waiting.Values.Sum(ChatTurn.BytesOf) + _cuts.Sum(cut => sizeof(char) * (long)(cut.Summary?.Length ?? 0));

    /// <summary>The exchange whose run is open; null when its message lies before what was added, or was replaced.</summary>
    public ChatTurn? Current { get; private set; }

    /// <param name="record">What is stored with it; null when nothing is.</param>
    public void Add(ThreadEvent threadEvent, StepRecord? record = null)
    {
        _first = Seq == 0 ? threadEvent.Seq : _first;
        Seq = threadEvent.Seq;
        switch (threadEvent)
        {
            case UserMessage message when path.Contains(message.Seq):
                _waiting[message.MessageId] = message;
                break;
            case UserMessage message:
                _replaced.Add(message.MessageId);
                break;
            case MessageRemoved removed:
                _waiting.Remove(removed.MessageId);
                break;
            case ThreadRewound rewound when rewound.Seq > path.Seq:
                path.Apply(rewound);
                Rewind(rewound.ToSeq);
                break;
            case BranchSelected branch when branch.Seq > path.Seq:
                throw new InvalidOperationException($"Event {branch.Seq} restores what was let go of; begin from the log.");
            case ThreadRewound or BranchSelected when threadEvent.Seq == path.Seq:
                _replaced.Clear(); // no run takes them any more
                break;
            case AgentEvent { ParentRunId: not null }:
                break; // the model was told its result, as of any tool
            case AgentStarted started:
                Current = _waiting.Remove(started.MessageId, out var question) ? new ChatTurn(question) : null;
                _answered.AddRange(Current is null ? [] : [Current]);
                break;
            case MessageSteered steered when _waiting.Remove(steered.MessageId, out var taken):
                Current?.Take(taken);
                break;
            case MessageSteered steered when _replaced.Contains(steered.MessageId):
                Current?.Cut();
                break;
            case AgentContextTrimmed { FromMessageId: { } first } trimmed when Current is not null && path.Contains(trimmed.Seq):
                _cuts.Add(new Cut(trimmed.Agent, trimmed.Seq, _answered.Find(turn => turn.Id == first)?.Seq ?? 0, Current.Seq, trimmed.Summary ?? SummaryFor(trimmed.Agent)));
                break;
            case RunEvent ofRun:
                Current?.Add(ofRun, record);
                break;
        }
    }

    /// <summary>Where the last so many events begin that lie before a place and not between messages that were replaced.</summary>
    public long Window(long before, int events)
    {
        var begins = before;
        for (var i = path.Replaced.Count - 1; i >= 0 && begins - events < path.Replaced[i].BeforeSeq; i--)
        {
            events -= (int)(begins - path.Replaced[i].BeforeSeq);
            begins = path.Replaced[i].AfterSeq + 1;
        }

        return begins - events;
    }

    /// <summary>Where what is shown of them begins: in steps of a quarter, so that it is the same place for many runs.</summary>
    public long Begin(long before, int events)
    {
        var (begins, step) = (Window(before, events), Math.Max(events / 4, 1));
        return begins > 1 ? (begins + step - 1) / step * step : begins;
    }

    /// <summary>Whether every event of the thread from this <c>seq</c> on was added.</summary>
    public bool ReachesBackTo(long seq) => _first <= Math.Max(seq, 1);

    /// <summary>What was added is all that counts from this <c>seq</c> on.</summary>
    public void BeginAt(long seq) => _first = seq;

    /// <summary>What the agent's model is shown in the place of what left; null when nothing.</summary>
    public string? SummaryFor(string agent) => LastCut(agent).Summary;

    /// <summary>Where what the agent's model is shown begins, as it was said last in what was added; null when it was not.</summary>
    public long? BeginFor(string agent) => LastCut(agent) is { Seq: > 0 } cut ? cut.From : null;

    /// <summary>The first message of what is shown that begins there or later.</summary>
    public MessageId? FirstFrom(long begins) => _answered.Find(turn => turn == Current || turn.Seq >= begins)?.Id;

    /// <summary>The messages of the exchanges that begin there or later, and those of the current one.</summary>
    /// <param name="agent">The one whose model is shown them: less where its context window was full before.</param>
    public List<ChatMessage> Messages(long from = 0, string? agent = null)
    {
        var cut = LastCut(agent);
        var messages = new List<ChatMessage>();
        foreach (var turn in _answered)
        {
            if (turn == Current || turn.Seq >= Math.Max(from, cut.From))
            {
                messages.AddRange(turn.Seq < cut.Earlier ? turn.Messages.Select(message => ShownResult.AtMost(ShownResult.OfEarlier, message)) : turn.Messages);
            }
        }

        return messages;
    }

    /// <summary>Lets go of what lies before; not of the current exchange, nor of messages that wait.</summary>
    public void Trim(long before)
    {
        _answered.RemoveAll(turn => turn.Seq < before && turn != Current);
        _cuts.RemoveAll(cut => cut.Earlier < before);
        _first = Math.Max(_first, before);
    }

    private Cut LastCut(string? agent) => _cuts.FindLast(cut => cut.Agent == agent);

    private void Rewind(long toSeq)
    {
        _answered.RemoveAll(turn => turn.Seq > toSeq);
        _answered.ForEach(turn => turn.Rewind(toSeq));
        _cuts.RemoveAll(cut => cut.Seq > toSeq);
        Current = Current?.Seq > toSeq ? null : Current;
        foreach (var message in _waiting.Values.Where(message => message.Seq > toSeq).ToList())
        {
            _waiting.Remove(message.MessageId);
        }
    }

    /// <summary>What a model is shown no more of.</summary>
    /// <param name="From">Its oldest exchange.</param>
    /// <param name="Earlier">In exchanges before it results are shown in part.</param>
    /// <param name="Summary">Of all that left, as far as it was summed up.</param>
    private readonly record struct Cut(string Agent, long Seq, long From, long Earlier, string? Summary);
}
