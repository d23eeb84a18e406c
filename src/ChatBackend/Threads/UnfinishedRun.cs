using System.Collections.Immutable;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>A run without its terminal event: a fold over what it has done.</summary>
/// <param name="Seq">Of its <c>agent_started</c>.</param>
/// <param name="OpenFrom">The <c>seq</c> of the message it answers; of its start, where the fold began after that message.</param>
internal sealed record UnfinishedRun(RunId Id, string Agent, MessageId Answers, long Seq, long OpenFrom, DateTimeOffset StartedAt)
{
    /// <summary>Every tool that has begun.</summary>
    public ImmutableList<BegunTool> Tools { get; init; } = [];

    /// <summary>Calls that wait for a decision, or are decided and have not begun; those of one step together.</summary>
    public ImmutableList<PendingApproval> Approvals { get; init; } = [];

    /// <summary>Runs of other agents that its agent called, and that have no terminal event.</summary>
    public ImmutableList<NestedRun> Nested { get; init; } = [];

    /// <summary>Of the messages that it took in while it ran, the <c>seq</c> of the last; 0 when it took none.</summary>
    public long LastTaken { get; init; }

    /// <summary>Another message has taken the place of one that it answers: it takes no more in.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>Events that the run, and those nested in it, had written after its start. Tells an emission that is tried again from a new one.</summary>
    public int Events { get; init; }

    public IEnumerable<BegunTool> OpenTools => Tools.Where(tool => tool.Outcome is null);

    /// <summary>Nothing is under way that could have had an effect: another process may go on from here.</summary>
    public bool CanResume => !Approvals.IsEmpty && !OpenTools.Any();

    public static UnfinishedRun Of(AgentStarted started, long? answersSeq) =>
        new(started.RunId, started.Agent, started.MessageId, started.Seq, answersSeq ?? started.Seq, started.At);

    /// <summary>An event of this run or of one that is nested in it.</summary>
    public UnfinishedRun Apply(RunEvent threadEvent) => threadEvent switch
    {
        AgentStarted nested => Counted() with { Nested = Nested.Add(new NestedRun(nested.RunId, nested.At)) },
        AgentCompleted or AgentStopped or AgentFailed => Counted() with { Nested = Nested.RemoveAll(nested => nested.Id == threadEvent.RunId) },
        ApprovalRequired required => Counted() with { Approvals = Approvals.Add(new PendingApproval(required, null)) },
        ApprovalDecided decided => this with
        {
            Approvals = Approvals.ConvertAll(pending => pending.Required.CallId == decided.CallId ? pending with { Decided = decided } : pending),
        },
        ToolExecuting tool => Counted() with { Approvals = ApprovalsWithout(tool.CallId), Tools = Tools.Add(new BegunTool(tool.RunId, tool.CallId, tool.Tool, tool.At, null)) },
        ToolCompleted tool => Counted() with
        {
            Approvals = ApprovalsWithout(tool.CallId),
            Tools = Tools.ConvertAll(begun => begun.Id == tool.CallId ? begun with { Outcome = tool.Outcome } : begun),
        },
        _ => Counted(),
    };

    public UnfinishedRun Rewound(long toSeq) => this with { IsReplaced = IsReplaced || Math.Max(OpenFrom, LastTaken) > toSeq };

    public UnfinishedRun Counted() => this with { Events = Events + 1 };

    public PendingApproval? Find(CallId call) => Approvals.Find(pending => pending.Required.CallId == call);

    private ImmutableList<PendingApproval> ApprovalsWithout(CallId call) => Approvals.RemoveAll(pending => pending.Required.CallId == call);
}

/// <summary>A run that is nested in another one, without its terminal event. What it has said is durable in whole parts.</summary>
internal sealed record NestedRun(RunId Id, DateTimeOffset StartedAt);

/// <param name="Run">The run, or the one nested in it, that called it.</param>
/// <param name="Outcome">Null while it has not ended.</param>
internal sealed record BegunTool(RunId Run, CallId Id, string Tool, DateTimeOffset At, ToolOutcome? Outcome);

internal sealed record PendingApproval(ApprovalRequired Required, ApprovalDecided? Decided);
