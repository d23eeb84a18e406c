using System.Collections.Immutable;
using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>A run without its terminal event: a fold over what it has done.</summary>
/// <param name="Seq">Of its <c>agent_started</c>.</param>
/// <param name="OpenFrom">The <c>seq</c> of the message it answers; of its start, where the fold began after that message.</param>
internal sealed record OpenRun(RunId Id, string Agent, MessageId Answers, long Seq, long OpenFrom, DateTimeOffset StartedAt)
{
    /// <summary>Every tool that has begun.</summary>
    public ImmutableList<BegunTool> Tools { get; init; } = [];

    /// <summary>A call that waits for a decision, or is decided and has not begun.</summary>
    public PendingApproval? Approval { get; init; }

    /// <summary>Of the messages that it took in while it ran, the <c>seq</c> of the last; 0 when it took none.</summary>
    public long LastTaken { get; init; }

    /// <summary>Another message has taken the place of one that it answers: it takes no more in.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>Events that the run itself had written after its start. Tells an emission that is tried again from a new one.</summary>
    public int Events { get; init; }

    public IEnumerable<BegunTool> OpenTools => Tools.Where(tool => tool.Outcome is null);

    /// <summary>Nothing is under way that could have had an effect: another process may go on from here.</summary>
    public bool CanResume => Approval is not null && !OpenTools.Any();

    public static OpenRun Of(AgentStarted started, long? answersSeq) =>
        new(started.RunId, started.Agent, started.MessageId, started.Seq, answersSeq ?? started.Seq, started.At);

    public OpenRun Apply(RunEvent happened) => happened switch
    {
        ApprovalRequired required => Counted() with { Approval = new PendingApproval(required, null) },
        ApprovalDecided decided when Approval?.Required.CallId == decided.CallId => this with { Approval = Approval with { Decided = decided } },
        ApprovalDecided => this,
        ToolExecuting tool => Counted() with { Approval = null, Tools = Tools.Add(new BegunTool(tool.CallId, tool.Tool, tool.At, null)) },
        ToolCompleted tool => Counted() with
        {
            Approval = null,
            Tools = Tools.ConvertAll(begun => begun.Id == tool.CallId ? begun with { Outcome = tool.Outcome } : begun),
        },
        _ => Counted(),
    };

    public OpenRun Rewound(long toSeq) => this with { IsReplaced = IsReplaced || Math.Max(OpenFrom, LastTaken) > toSeq };

    public OpenRun Counted() => this with { Events = Events + 1 };
}

/// <param name="Outcome">Null while it has not ended.</param>
internal sealed record BegunTool(CallId Id, string Tool, DateTimeOffset At, ToolOutcome? Outcome);

internal sealed record PendingApproval(ApprovalRequired Required, ApprovalDecided? Decided);
