using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>A run that frames are still added to. Text is appended, never copied, until it is read. Not thread-safe.</summary>
internal sealed class RunBuilder(RunId id)
{
    private readonly List<object> _items = []; // TextDraft, ToolItem or SteeredItem
    private RunEntry _head = new() { RunId = id, State = RunState.Running, Items = [] };

    /// <param name="isReplaced">With a message goes the run that answers it, and what came after it in the run that took it in.</param>
    public RunEntry ToEntry(Func<MessageId, bool> isReplaced) => _head with
    {
        Items = [.. _items.Select(item => item switch
        {
            TextDraft text => text.ToItem(),
            SteeredItem steered => steered with { IsReplaced = isReplaced(steered.MessageId) },
            _ => (TranscriptItem)item,
        })],
        IsReplaced = _head.Answers is { } answered && isReplaced(answered),
        ReplacedFrom = _items.FindIndex(item => item is SteeredItem steered && isReplaced(steered.MessageId)) is >= 0 and var first ? first : null,
    };

    public void Rate(FeedbackGiven feedback) => _head = _head with { Feedback = feedback };

    public void Apply(PartDelta delta)
    {
        var text = TextOf(delta.PartId) ?? Begin(new TextDraft(delta.PartId, delta is AgentThinking ? PartKind.Thinking : PartKind.Text));
        text.Append(delta.Text);
    }

    public void Apply(ToolProgress progress)
    {
        var index = _items.FindLastIndex(item => item is ToolItem { State: ToolState.Executing } known && known.CallId == progress.CallId);
        if (index >= 0)
        {
            _items[index] = (ToolItem)_items[index] with { Progress = progress };
        }
    }

    public void Apply(RunEvent threadEvent)
    {
        switch (threadEvent)
        {
            case AgentStarted started:
                _head = _head with { Agent = started.Agent, Answers = started.MessageId, ParentRunId = started.ParentRunId };
                break;
            case AgentFallback fallback:
                _head = _head with { AnsweredBy = fallback.Agent };
                break;
            case AgentContextTrimmed trimmed:
                _head = _head with
                {
                    ExchangesLeftOut = _head.ExchangesLeftOut + trimmed.Exchanges,
                    ResultsShortened = _head.ResultsShortened + trimmed.Results,
                    ContextSummary = trimmed.Summary ?? _head.ContextSummary,
                };
                break;
            case MessageSteered steered:
                _items.Add(new SteeredItem(steered.MessageId, IsReplaced: false));
                break;
            case AgentPart part:
                Finish(part.PartId, part.Kind, part.Text);
                break;
            case ToolExecuting executing:
                Change(executing.CallId, executing.Tool, tool => tool with { Arguments = executing.Arguments, State = ToolState.Executing });
                break;
            case ToolCompleted completed:
                Change(completed.CallId, completed.Tool, tool => tool with { Completed = completed, Progress = null, State = StateOf(completed, tool) });
                break;
            case ApprovalRequired required:
                Change(required.CallId, required.Tool, tool => tool with { Arguments = required.Arguments, Approval = required, State = ToolState.AwaitingDecision });
                break;
            case ApprovalDecided decided:
                Change(decided.CallId, "", tool => tool with
                {
                    Decided = decided,
                    State = decided.Decision == ApprovalDecision.Approve ? ToolState.Approved : ToolState.Rejected,
                });
                break;
            case AgentCompleted completed:
                Finish(completed.PartId, PartKind.Text, completed.Content);
                _head = _head with { State = RunState.Completed, MessageId = completed.MessageId, Finish = completed.Finish, Usage = completed.Usage };
                break;
            case AgentStopped stopped:
                Finish(stopped.PartId, PartKind.Text, stopped.Content);
                _head = _head with { State = RunState.Stopped, MessageId = stopped.MessageId, StopReason = stopped.Reason, Usage = stopped.Usage, SideEffects = stopped.SideEffects ?? [] };
                break;
            case AgentFailed failed:
                Finish(failed.PartId, PartKind.Text, failed.Content ?? "");
                _head = _head with { State = RunState.Failed, Failure = failed, Usage = failed.Usage, SideEffects = failed.SideEffects ?? [] };
                break;
        }

        if (_head.State != RunState.Running)
        {
            // What the server lost when it died was said and is not part of the thread: a client that follows again does not see it either.
            _items.RemoveAll(item => item is TextDraft { IsFinal: false });
            for (var place = 0; place < _items.Count; place++)
            {
                if (_items[place] is ToolItem { Completed: null } tool)
                {
                    _items[place] = tool with { State = ToolState.Abandoned }; // it is neither decided nor executed any more
                }
            }
        }
    }

    private static ToolState StateOf(ToolCompleted completed, ToolItem tool) => completed.Outcome switch
    {
        ToolOutcome.Succeeded => ToolState.Succeeded,
        ToolOutcome.Failed => ToolState.Failed,
        ToolOutcome.Rejected when tool is { Approval: not null, Decided: null } => ToolState.Expired,
        ToolOutcome.Rejected => ToolState.Rejected,
        _ => ToolState.Abandoned,
    };

    /// <summary>The durable text replaces what deltas brought: it is the same, or the rest of it had not come.</summary>
    private void Finish(PartId? part, PartKind kind, string text)
    {
        if (part is { } id)
        {
            (TextOf(id) ?? Begin(new TextDraft(id, kind))).Finish(text);
        }
    }

    private TextDraft? TextOf(PartId part) => _items.OfType<TextDraft>().LastOrDefault(text => text.Id == part);

    private TextDraft Begin(TextDraft text)
    {
        _items.Add(text);
        return text;
    }

    private void Change(CallId call, string tool, Func<ToolItem, ToolItem> change)
    {
        var index = _items.FindLastIndex(item => item is ToolItem known && known.CallId == call);
        if (index < 0)
        {
            _items.Add(change(new ToolItem { CallId = call, Tool = tool }));
        }
        else
        {
            _items[index] = change((ToolItem)_items[index]);
        }
    }

    private sealed class TextDraft(PartId id, PartKind kind)
    {
        private readonly StringBuilder _text = new();

        public PartId Id => id;

        public bool IsFinal { get; private set; }

        public void Append(string text) => _text.Append(text);

        public void Finish(string text)
        {
            _text.Clear().Append(text);
            IsFinal = true;
        }

        public TextItem ToItem() => new(id, kind, _text.ToString(), IsFinal);
    }
}
