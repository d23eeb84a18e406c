using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>What stands in a thread: a <see cref="UserEntry"/> or a <see cref="RunEntry"/>. Immutable.</summary>
public abstract record TranscriptEntry;

/// <summary>A message of the user.</summary>
/// <param name="ClientId">The id of the <c>chat</c> frame that it came in.</param>
public sealed record UserEntry(MessageId MessageId, string Content, ClientFrameId ClientId, long Seq, DateTimeOffset At) : TranscriptEntry
{
    /// <summary>The agent that it asked for.</summary>
    public string? Agent { get; init; }

    /// <summary>How it waited, when the thread was busy as it came.</summary>
    public WhenRunning? WhenRunning { get; init; }

    /// <summary>The message whose place it took.</summary>
    public MessageId? Replaces { get; init; }

    public MessageState State { get; init; }

    /// <summary>The run that answers it or took it in.</summary>
    public RunId? RunId { get; init; }

    /// <summary>It is not on the thread's active path: the thread was rewound to before it, or another branch was chosen. The model does not see it.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>Nothing answers it yet and something will, unless it is taken back.</summary>
    public bool IsWaiting => State == MessageState.Waiting && !IsReplaced;
}

/// <summary>What became of a message.</summary>
public enum MessageState
{
    /// <summary>No run has taken it.</summary>
    Waiting,

    /// <summary>A run answers or answered it.</summary>
    Answered,

    /// <summary>It entered a run that answers another message.</summary>
    Steered,

    /// <summary>It was taken back while it waited.</summary>
    Removed,

    /// <summary>It was replaced while it waited: nothing answers it, also where its branch is chosen again.</summary>
    Dropped,
}

/// <summary>One answer of an agent, as far as it is known.</summary>
public sealed record RunEntry : TranscriptEntry
{
    public required RunId RunId { get; init; }

    public required RunState State { get; init; }

    /// <summary>The run whose agent called this one's as a tool; null in a run that answers a message.</summary>
    public RunId? ParentRunId { get; init; }

    /// <summary>Null when the transcript begins after the run did.</summary>
    public string? Agent { get; init; }

    /// <summary>The agent whose model answers in the place of <see cref="Agent"/>'s; null when its own does.</summary>
    public string? AnsweredBy { get; init; }

    /// <summary>Exchanges that the model is not shown any more since this run, for they have no room in its context.</summary>
    public int ExchangesLeftOut { get; init; }

    /// <summary>Results of tools of which the model is shown only the begin and the end since this run.</summary>
    public int ResultsShortened { get; init; }

    /// <summary>What the model is shown since this run in the place of all that it is not shown any more; null where an earlier summary stays, or there is none.</summary>
    public string? ContextSummary { get; init; }

    /// <summary>The message that the run answers; null when the transcript begins after the run did.</summary>
    public MessageId? Answers { get; init; }

    /// <summary>The id of the answer, once it is complete or stopped.</summary>
    public MessageId? MessageId { get; init; }

    /// <summary>Texts, thoughts, tool calls and messages taken in, in the order they began.</summary>
    public required IReadOnlyList<TranscriptItem> Items { get; init; }

    /// <summary>Why the run was stopped.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>How the answer of a completed run ended; null where the server did not record it.</summary>
    public AnswerFinish? Finish { get; init; }

    /// <summary>Why the run failed.</summary>
    public AgentFailed? Failure { get; init; }

    public TokenUsage? Usage { get; init; }

    /// <summary>Of a run that was stopped or failed: every tool call that had begun, in order, with its outcome.</summary>
    public IReadOnlyList<SideEffect> SideEffects { get; init; } = [];

    /// <summary>What a user thought last of it; null when nobody has said.</summary>
    public FeedbackGiven? Feedback { get; init; }

    /// <summary>The message that it answers is not on the active path, and all of it with it. It may go on all the same, to its end.</summary>
    public bool IsReplaced { get; init; }

    /// <summary>Where in <see cref="Items"/> what was replaced begins: at the first message that it took in and that is not on the active path. Null when there is none.</summary>
    public int? ReplacedFrom { get; init; }

    /// <summary>What the agent said, without its thoughts: the text parts, one after the other, a line break between them.</summary>
    public string Text => string.Join('\n', Items.OfType<TextItem>().Where(item => item.Kind == PartKind.Text).Select(item => item.Text));
}

public enum RunState
{
    Running,
    Completed,
    Stopped,
    Failed,
}

/// <summary>A piece of a run: a <see cref="TextItem"/>, a <see cref="ToolItem"/> or a <see cref="SteeredItem"/>.</summary>
public abstract record TranscriptItem;

/// <summary>One stretch of text or of thinking.</summary>
/// <param name="IsFinal">The text is durable; else it is as far as it has arrived.</param>
public sealed record TextItem(PartId PartId, PartKind Kind, string Text, bool IsFinal) : TranscriptItem;

/// <summary>Where a message entered the run: what comes after it was said knowing it.</summary>
public sealed record SteeredItem(MessageId MessageId, bool IsReplaced) : TranscriptItem;

/// <summary>One call of a tool.</summary>
public sealed record ToolItem : TranscriptItem
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    /// <summary>Absent when the transcript begins after the call did.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>How it ended; null while it has not.</summary>
    public ToolCompleted? Completed { get; init; }

    /// <summary>Set when the call needs or needed an approval.</summary>
    public ApprovalRequired? Approval { get; init; }

    /// <summary>What was decided, and by whom.</summary>
    public ApprovalDecided? Decided { get; init; }

    public ToolState State { get; init; }

    /// <summary>What it said last of how far it is; null before it says anything, and once it has ended.</summary>
    public ToolProgress? Progress { get; init; }
}

/// <summary>How far a tool call is.</summary>
public enum ToolState
{
    Executing,

    /// <summary>It waits for a decision, until <see cref="ApprovalRequired.ExpiresAt"/>.</summary>
    AwaitingDecision,

    /// <summary>It may be called, and has not been yet.</summary>
    Approved,

    /// <summary>The decision was no; the tool was not called.</summary>
    Rejected,

    /// <summary>No decision came in time; the tool was not called.</summary>
    Expired,

    Succeeded,

    Failed,

    /// <summary>The run ended first. When it had begun, whether it had its effect is not known.</summary>
    Abandoned,
}

/// <summary>What a frame did to a <see cref="ThreadTranscript"/>.</summary>
public enum TranscriptChange
{
    /// <summary>It is part of the transcript now.</summary>
    Applied,

    /// <summary>The transcript had all of it before, or it is not a frame of a thread.</summary>
    AlreadyKnown,

    /// <summary>An event or text before it is missing; nothing was applied. Follow again from <see cref="ThreadTranscript.Cursor"/>.</summary>
    Missing,
}
