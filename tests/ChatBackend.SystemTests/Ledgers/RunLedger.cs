using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>One run: its parts and tools, its one end, and, when it ended by itself, that it said what its message asked for.</summary>
internal sealed class RunLedger(AgentStarted started, UserMessage? message)
{
    private readonly Dictionary<PartId, long> _partEnds = [];
    private readonly Dictionary<CallId, Call> _calls = [];
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thought = new();
    private bool _wasSteered;

    public AgentStarted Started => started;

    /// <summary>The <c>seq</c> of its terminal event.</summary>
    public long EndSeq { get; private set; } = long.MaxValue;

    public DateTimeOffset? EndAt { get; private set; }

    /// <summary>Where each of its parts became durable.</summary>
    public IReadOnlyDictionary<PartId, long> PartEnds => _partEnds;

    /// <returns>Each promise that the event breaks.</returns>
    public IEnumerable<string> Take(RunEvent threadEvent) => threadEvent switch
    {
        AgentPart part => TakePart(part),
        MessageSteered => Steered(),
        ApprovalRequired required => Require(_calls.TryAdd(required.CallId, Call.Asked), "asks twice"),
        ApprovalDecided decided => Move(decided.CallId, [Call.Asked], decided.Decision == ApprovalDecision.Approve ? Call.Approved : Call.Rejected, "decides what was not asked"),
        ToolExecuting executing => Execute(executing),
        ToolCompleted { Outcome: ToolOutcome.Rejected } rejected => Move(rejected.CallId, [Call.Asked, Call.Rejected], Call.Done, "rejects what was not asked, or was approved"),
        ToolCompleted { Outcome: ToolOutcome.Abandoned } abandoned =>
            Move(abandoned.CallId, [Call.Open, Call.Asked, Call.Approved, Call.Rejected], Call.Done, "abandons a call that is not open"),
        ToolCompleted completed => Move(completed.CallId, [Call.Open], Call.Done, "completes a call that is not open"),
        AgentCompleted completed => [.. End(completed, completed.PartId, completed.Content), .. AsAsked()],
        AgentStopped stopped => End(stopped, stopped.PartId, stopped.Content),
        AgentFailed failed => End(failed, failed.PartId, failed.Content ?? ""),
        _ => [],
    };

    private IEnumerable<string> TakePart(AgentPart part)
    {
        (part.Kind == PartKind.Thinking ? _thought : _text).Append(part.Text);
        return Require(_partEnds.TryAdd(part.PartId, part.Seq), "ends a part twice");
    }

    private IEnumerable<string> Steered()
    {
        _wasSteered = true;
        return [];
    }

    private IEnumerable<string> Execute(ToolExecuting executing) =>
        _calls.TryAdd(executing.CallId, Call.Open) ? [] : Move(executing.CallId, [Call.Approved], Call.Open, "executes twice, or without consent");

    private IEnumerable<string> End(RunEvent end, PartId? part, string content)
    {
        _text.Append(content);
        (EndSeq, EndAt) = (end.Seq, end.At);
        return
        [
            .. Require(part is not { } last || _partEnds.TryAdd(last, end.Seq), "ends a part twice"),
            .. Require(_calls.Values.All(call => call is Call.Done), "ends a run whose tools are open"),
        ];
    }

    /// <summary>The script agent plays what its message says; other messages are not for this to judge.</summary>
    private IEnumerable<string> AsAsked()
    {
        if (_wasSteered || message is null || Scenario.Read(message.Content) is not { } asked)
        {
            return [];
        }

        return
        [
            .. Require(_text.ToString() == asked.Text, $"has said {_text.Length} characters that are not the {asked.Text.Length} it was to say"),
            .. Require(_thought.ToString() == asked.Thought, "has thought what it was not to think"),
            .. Require(_calls.Count == asked.Tools, $"has called {_calls.Count} tools, not {asked.Tools}"),
        ];
    }

    private IEnumerable<string> Move(CallId call, Call[] from, Call to, string how)
    {
        var isKept = _calls.TryGetValue(call, out var known) && from.Contains(known);
        _calls[call] = to;
        return Require(isKept, how);
    }

    private static IEnumerable<string> Require(bool isKept, string how) => isKept ? [] : [how];

    private enum Call
    {
        Asked,
        Approved,
        Rejected,
        Open,
        Done,
    }
}
