using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>A durable event of a thread. <c>seq</c> counts 1, 2, 3 … without a gap, the same for every follower, and never changes.</summary>
/// <remarks>Thread, place and time are always on the wire; they are not required here because the thread's one writer stamps them last.</remarks>
public abstract record ThreadEvent : ServerFrame
{
    [JsonRequired]
    public ThreadId ThreadId { get; init; }

    [JsonRequired]
    public long Seq { get; init; }

    [JsonRequired]
    public DateTimeOffset At { get; init; }
}

/// <summary>A message was accepted; every follower gets it, other tabs of the sender too.</summary>
public sealed record UserMessage : ThreadEvent
{
    public required MessageId MessageId { get; init; }

    public required string Content { get; init; }

    /// <summary>The id of the <c>chat</c> frame that it came in.</summary>
    public required ClientFrameId ClientId { get; init; }

    /// <summary>The agent that the message asked for; absent when it left the choice to the server.</summary>
    public string? Agent { get; init; }

    /// <summary>Set when the message came while the thread was busy: how it waits.</summary>
    public WhenRunning? WhenRunning { get; init; }

    /// <summary>The message that this one takes the place of; a <see cref="ThreadRewound"/> stands directly before.</summary>
    public MessageId? Replaces { get; init; }
}

/// <summary>A message that waited was taken back; no run answers it.</summary>
public sealed record MessageRemoved : ThreadEvent
{
    public required MessageId MessageId { get; init; }
}

/// <summary>
/// Every user message after <see cref="ToSeq"/> and before this event is replaced, and with it each run that answers one; of a run that
/// took one in while it ran, what came after that. It stays in the log; the model does not see it, unless a later <see cref="BranchSelected"/> brings it back.
/// </summary>
public sealed record ThreadRewound : ThreadEvent
{
    public required long ToSeq { get; init; }
}

/// <summary>An event of one run.</summary>
public abstract record RunEvent : ThreadEvent
{
    public required RunId RunId { get; init; }
}

/// <summary>An event of what an agent does in a run, or in one that is nested in it.</summary>
public abstract record AgentEvent : RunEvent
{
    /// <summary>The run whose agent called this run's agent as a tool; absent in a run that answers a message.</summary>
    public RunId? ParentRunId { get; init; }
}

/// <summary>The first event of every run.</summary>
public sealed record AgentStarted : AgentEvent
{
    public required string Agent { get; init; }

    /// <summary>The message that this run, or the one it is nested in, answers.</summary>
    public required MessageId MessageId { get; init; }

    /// <summary>The trace that the run is part of, as the operator finds it; absent where it is not traced.</summary>
    public string? TraceId { get; init; }
}

/// <summary>A message that waited has entered this run: the model's next step sees it, and no other run answers it.</summary>
public sealed record MessageSteered : RunEvent
{
    public required MessageId MessageId { get; init; }
}

/// <summary>A tool is about to be called. Exactly one <see cref="ToolCompleted"/> follows.</summary>
public sealed record ToolExecuting : AgentEvent
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    public required JsonElement Arguments { get; init; }
}

public sealed record ToolCompleted : AgentEvent
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    public required ToolOutcome Outcome { get; init; }

    /// <summary>What the tool returned, when it succeeded. Where <see cref="ResultBytes"/> is set, a text with the begin and the end of it.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>How long the JSON of the whole result is, in bytes, when it was too large for an event: <c>GET /api/threads/{thread_id}/tool_results/{call_id}</c>.</summary>
    public long? ResultBytes { get; init; }

    /// <summary>For people: why it did not succeed.</summary>
    public string? Error { get; init; }

    public required long DurationMs { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<ToolOutcome>))]
public enum ToolOutcome
{
    Succeeded,
    Failed,
    Rejected,

    /// <summary>The run ended first; whether the tool had its effect is not known.</summary>
    Abandoned,
}

/// <summary>A tool call waits for a decision bound to exactly these arguments.</summary>
public sealed record ApprovalRequired : AgentEvent
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    public required JsonElement Arguments { get; init; }

    public required string ArgumentsDigest { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

public sealed record ApprovalDecided : AgentEvent
{
    public required CallId CallId { get; init; }

    public required ApprovalDecision Decision { get; init; }

    public required UserId DecidedBy { get; init; }

    public string? Note { get; init; }
}

/// <summary>A part that ended while the run goes on: its whole text, equal to its deltas.</summary>
public sealed record AgentPart : AgentEvent
{
    public required PartId PartId { get; init; }

    public required PartKind Kind { get; init; }

    public required string Text { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<PartKind>))]
public enum PartKind
{
    Text,
    Thinking,
}

/// <summary>The run ended with an answer.</summary>
public sealed record AgentCompleted : AgentEvent
{
    public required MessageId MessageId { get; init; }

    /// <summary>The part whose text <see cref="Content"/> is; absent when no text part was open at the end.</summary>
    public PartId? PartId { get; init; }

    public required string Content { get; init; }

    /// <summary>How the answer ended; absent in events that were stored before it was recorded.</summary>
    public AnswerFinish? Finish { get; init; }

    public TokenUsage? Usage { get; init; }

    public required long DurationMs { get; init; }
}

/// <summary>The run was ended before its answer was complete; what it had said is kept.</summary>
public sealed record AgentStopped : AgentEvent
{
    public required MessageId MessageId { get; init; }

    public PartId? PartId { get; init; }

    public required string Content { get; init; }

    public required StopReason Reason { get; init; }

    public TokenUsage? Usage { get; init; }

    /// <summary>Every tool call that had begun, in order; absent when none had.</summary>
    public IReadOnlyList<SideEffect>? SideEffects { get; init; }
}

/// <summary>A tool call that had begun before its run was ended.</summary>
public sealed record SideEffect
{
    public required CallId CallId { get; init; }

    public required string Tool { get; init; }

    public required ToolOutcome Outcome { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<StopReason>))]
public enum StopReason
{
    User,
    InterruptedByMessage,
    Budget,
}

/// <summary>The run failed; what it had said is kept.</summary>
public sealed record AgentFailed : AgentEvent
{
    /// <summary>One of <see cref="RunFailure"/>.</summary>
    public required RunFailure Code { get; init; }

    public required string Message { get; init; }

    /// <summary>Whether sending the message again may succeed.</summary>
    public required bool Retryable { get; init; }

    /// <summary>Milliseconds after which the model wants to be asked again; absent when it did not say.</summary>
    public int? RetryAfterMs { get; init; }

    public PartId? PartId { get; init; }

    public string? Content { get; init; }

    public TokenUsage? Usage { get; init; }

    /// <summary>Every tool call that had begun, in order; absent when none had.</summary>
    public IReadOnlyList<SideEffect>? SideEffects { get; init; }
}

/// <summary>Why a run failed. On the wire in snake_case.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<RunFailure>))]
public enum RunFailure
{
    /// <summary>The server that ran it stopped or died.</summary>
    Interrupted,

    /// <summary>It took longer than a run may.</summary>
    Timeout,

    /// <summary>The model's endpoint asked to slow down.</summary>
    ModelRateLimited,

    /// <summary>The model's endpoint could not be reached, failed, or broke off.</summary>
    ModelUnavailable,

    /// <summary>The model's endpoint refused the request.</summary>
    ModelRejected,

    /// <summary>The agent that the thread asks for is no longer configured.</summary>
    UnknownAgent,

    /// <summary>The application refused the run; the message says why.</summary>
    Refused,

    /// <summary>The agent made the same call three times, and it failed each time.</summary>
    RepeatedToolFailure,

    /// <summary>A bug in the agent or the server. The message names the run, whose id is on the log lines.</summary>
    Internal,
}

public sealed record ThreadRenamed : ThreadEvent
{
    public required string Title { get; init; }

    public required RenamedBy By { get; init; }

    /// <summary>The message that the server made the title from; absent when a user gave it.</summary>
    public long? FromSeq { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<RenamedBy>))]
public enum RenamedBy
{
    User,
    Agent,
}
