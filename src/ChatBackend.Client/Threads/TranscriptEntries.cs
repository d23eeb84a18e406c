using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>What stands in a thread: a <see cref="UserEntry"/> or a <see cref="RunEntry"/>. Immutable.</summary>
public abstract record TranscriptEntry;

/// <summary>A message of the user.</summary>
/// <param name="ClientId">The id of the <c>chat</c> frame that it came in.</param>
public sealed record UserEntry(MessageId MessageId, string Content, ClientFrameId ClientId, long Seq, DateTimeOffset At) : TranscriptEntry;

/// <summary>One answer of an agent, as far as it is known.</summary>
public sealed record RunEntry : TranscriptEntry
{
    public required RunId RunId { get; init; }

    public required RunState State { get; init; }

    /// <summary>Null when the transcript begins after the run did.</summary>
    public string? Agent { get; init; }

    /// <summary>The message that the run answers; null when the transcript begins after the run did.</summary>
    public MessageId? Answers { get; init; }

    /// <summary>The id of the answer, once it is complete or stopped.</summary>
    public MessageId? MessageId { get; init; }

    /// <summary>Texts, thoughts and tool calls in the order they began.</summary>
    public required IReadOnlyList<TranscriptItem> Items { get; init; }

    /// <summary>Why the run was stopped.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>Why the run failed.</summary>
    public AgentFailed? Failure { get; init; }

    public TokenUsage? Usage { get; init; }

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

/// <summary>A piece of a run: a <see cref="TextItem"/> or a <see cref="ToolItem"/>.</summary>
public abstract record TranscriptItem;

/// <summary>One stretch of text or of thinking.</summary>
/// <param name="IsFinal">The text is durable; else it is as far as it has arrived.</param>
public sealed record TextItem(PartId PartId, PartKind Kind, string Text, bool IsFinal) : TranscriptItem;

/// <summary>One call of a tool.</summary>
public sealed record ToolItem : TranscriptItem
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    /// <summary>Absent when the transcript begins after the call did.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>How it ended; null while it has not.</summary>
    public ToolCompleted? Completed { get; init; }

    /// <summary>Set when the call needs or needed somebody's approval.</summary>
    public ApprovalRequired? Approval { get; init; }

    /// <summary>What was decided.</summary>
    public ApprovalDecided? Decided { get; init; }
}

/// <summary>What a frame did to a <see cref="ThreadTranscript"/>.</summary>
public enum TranscriptChange
{
    /// <summary>It is part of the transcript now.</summary>
    Applied,

    /// <summary>The transcript had all of it before, or it is no frame of a thread.</summary>
    AlreadyKnown,

    /// <summary>An event or text before it is missing; nothing was applied. Follow again from <see cref="ThreadTranscript.Cursor"/>.</summary>
    Missing,
}
