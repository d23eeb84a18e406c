using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>
/// A fold over neighbouring events of a thread: messages and their answers, in the order of the answers, without what was replaced.
/// Since a log never changes, it stays right for as long as the events that follow are added. Not thread-safe.
/// </summary>
internal sealed class ChatHistory
{
    private readonly Dictionary<MessageId, UserMessage> _waiting = [];
    private readonly List<ChatTurn> _answered = [];
    private readonly List<Cut> _cuts = [];
    private readonly List<(long After, long Before)> _replaced = []; // apart from one another, in order
    private long _first;

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
            case UserMessage message:
                _waiting[message.MessageId] = message;
                break;
            case MessageRemoved removed:
                _waiting.Remove(removed.MessageId);
                break;
            case ThreadRewound rewound:
                Rewind(rewound);
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
            case AgentContextTrimmed { FromMessageId: { } first } trimmed when Current is not null:
                _cuts.Add(new Cut(trimmed.Agent, trimmed.Seq, _answered.Find(turn => turn.Id == first)?.Seq ?? 0, Current.Seq, trimmed.Summary ?? SummaryFor(trimmed.Agent)));
                break;
            case RunEvent ofRun:
                Current?.Add(ofRun, record);
                break;
        }
    }

    /// <summary>Where the last so many events begin that lie before a place and were not replaced.</summary>
    public long Window(long before, int events)
    {
        var begins = before;
        for (var i = _replaced.Count - 1; i >= 0 && begins - events < _replaced[i].Before; i--)
        {
            events -= (int)(begins - _replaced[i].Before);
            begins = _replaced[i].After + 1;
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

    /// <summary>What was added is all there is: the thread's log begins with it.</summary>
    public void BeginLog() => _first = 1;

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
        _replaced.RemoveAll(range => range.Before < before);
        _cuts.RemoveAll(cut => cut.Earlier < before);
        _first = Math.Max(_first, before);
    }

    private Cut LastCut(string? agent) => _cuts.FindLast(cut => cut.Agent == agent);

    private void Rewind(ThreadRewound rewound)
    {
        _answered.RemoveAll(turn => turn.Seq > rewound.ToSeq);
        _answered.ForEach(turn => turn.Rewind(rewound.ToSeq));
        _cuts.RemoveAll(cut => cut.Seq > rewound.ToSeq);
        Current = Current?.Seq > rewound.ToSeq ? null : Current;
        foreach (var message in _waiting.Values.Where(message => message.Seq > rewound.ToSeq).ToList())
        {
            _waiting.Remove(message.MessageId);
        }

        var after = rewound.ToSeq;
        for (; _replaced is [.., var last] && last.Before > after; _replaced.RemoveAt(_replaced.Count - 1))
        {
            after = Math.Min(after, last.After); // a message that was replaced before may be replaced again
        }

        _replaced.Add((after, rewound.Seq));
    }

    /// <summary>What a model is shown no more of.</summary>
    /// <param name="From">Its oldest exchange.</param>
    /// <param name="Earlier">In exchanges before it results are shown in part.</param>
    /// <param name="Summary">Of all that left, as far as it was summed up.</param>
    private readonly record struct Cut(string Agent, long Seq, long From, long Earlier, string? Summary);
}
