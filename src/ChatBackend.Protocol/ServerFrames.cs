using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>A frame that the server sends. Frames about the connection stand here, events of a thread in <see cref="ThreadEvent"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ConnectionEstablished), "connection_established")]
[JsonDerivedType(typeof(Ack), "ack")]
[JsonDerivedType(typeof(Pong), "pong")]
[JsonDerivedType(typeof(CaughtUp), "caught_up")]
[JsonDerivedType(typeof(Error), "error")]
[JsonDerivedType(typeof(ServerDraining), "server_draining")]
[JsonDerivedType(typeof(UserMessage), "user_message")]
[JsonDerivedType(typeof(MessageRemoved), "message_removed")]
[JsonDerivedType(typeof(ThreadRewound), "thread_rewound")]
[JsonDerivedType(typeof(BranchSelected), "branch_selected")]
[JsonDerivedType(typeof(FeedbackGiven), "feedback_given")]
[JsonDerivedType(typeof(AgentStarted), "agent_started")]
[JsonDerivedType(typeof(AgentFallback), "agent_fallback")]
[JsonDerivedType(typeof(AgentContextTrimmed), "agent_context_trimmed")]
[JsonDerivedType(typeof(MessageSteered), "message_steered")]
[JsonDerivedType(typeof(ToolExecuting), "tool_executing")]
[JsonDerivedType(typeof(ToolCompleted), "tool_completed")]
[JsonDerivedType(typeof(ApprovalRequired), "approval_required")]
[JsonDerivedType(typeof(ApprovalDecided), "approval_decided")]
[JsonDerivedType(typeof(AgentPart), "agent_part")]
[JsonDerivedType(typeof(AgentCompleted), "agent_completed")]
[JsonDerivedType(typeof(AgentStopped), "agent_stopped")]
[JsonDerivedType(typeof(AgentFailed), "agent_failed")]
[JsonDerivedType(typeof(ThreadRenamed), "thread_renamed")]
[JsonDerivedType(typeof(ThreadDeleted), "thread_deleted")]
[JsonDerivedType(typeof(ThreadListed), "thread_listed")]
[JsonDerivedType(typeof(ThreadUnlisted), "thread_unlisted")]
[JsonDerivedType(typeof(ThreadsCaughtUp), "threads_caught_up")]
[JsonDerivedType(typeof(AgentThinking), "agent_thinking")]
[JsonDerivedType(typeof(AgentDelta), "agent_delta")]
[JsonDerivedType(typeof(ToolProgress), "tool_progress")]
public abstract record ServerFrame;

/// <summary>The first frame of every connection.</summary>
public sealed record ConnectionEstablished : ServerFrame
{
    public required ConnectionId ConnectionId { get; init; }

    public required UserId UserId { get; init; }

    [JsonRequired]
    public string Protocol { get; init; } = ChatProtocol.Name;

    public required DateTimeOffset ServerTime { get; init; }

    /// <summary>How often the server pings at the WebSocket level.</summary>
    public required int HeartbeatSeconds { get; init; }

    public required ConnectionLimits Limits { get; init; }

    /// <summary>The agents a <c>chat</c> may name; the first is the default.</summary>
    public required IReadOnlyList<string> Agents { get; init; }

    /// <summary>What people may be told of the agents, in their order; one of which there is nothing to tell is left out. Absent when there is nothing of any.</summary>
    public IReadOnlyList<AgentDetails>? AgentDetails { get; init; }

    /// <summary>Which log this server works on; a log that was restored has another one.</summary>
    public string? LogId { get; init; }
}

/// <summary>What people may be told of an agent.</summary>
public sealed record AgentDetails
{
    /// <summary>Its name, one of <see cref="ConnectionEstablished.Agents"/>.</summary>
    public required string Agent { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public string? Description { get; init; }

    /// <summary>First messages to offer in an empty thread.</summary>
    public IReadOnlyList<string>? Suggestions { get; init; }
}

/// <summary>The limits this connection is held to; the very values that are enforced.</summary>
public sealed record ConnectionLimits
{
    /// <summary>Bytes of one message, over all its fragments. A larger one closes with 1009.</summary>
    public required int MaxMessageBytes { get; init; }

    /// <summary>Commands that may wait for their answer at once. A further one is answered with <c>rate_limited</c>.</summary>
    public required int MaxPendingCommands { get; init; }

    /// <summary>Bytes of the commands that wait for their answer.</summary>
    public required int MaxPendingBytes { get; init; }

    /// <summary>Threads one connection may follow at once.</summary>
    public required int MaxFollowedThreads { get; init; }

    /// <summary>Messages that may wait in one thread for a busy run to end.</summary>
    public required int MaxQueuedMessages { get; init; }

    /// <summary>Bytes the server keeps for a connection that reads too slowly before it closes it with 4409.</summary>
    public required int MaxOutboxBytes { get; init; }

    /// <summary>How long one send may take before the connection is given up.</summary>
    public required int SendTimeoutSeconds { get; init; }
}

/// <summary>The command of this id took effect, durably, exactly once.</summary>
public sealed record Ack : ServerFrame
{
    public required ClientFrameId Id { get; init; }

    public required AckStatus Status { get; init; }

    public ThreadId? ThreadId { get; init; }

    /// <summary>The <c>seq</c> of the event that the command became.</summary>
    public long? Seq { get; init; }

    public MessageId? MessageId { get; init; }

    public RunId? RunId { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<AckStatus>))]
public enum AckStatus
{
    Accepted,

    /// <summary>The same command was accepted before; the other members are those of that time.</summary>
    Duplicate,
}

public sealed record Pong : ServerFrame
{
    public ClientFrameId? Id { get; init; }

    public required DateTimeOffset ServerTime { get; init; }
}

/// <summary>All events up to <see cref="Seq"/> were sent; what follows is live.</summary>
public sealed record CaughtUp : ServerFrame
{
    public required ThreadId ThreadId { get; init; }

    public required long Seq { get; init; }

    /// <summary>As in <see cref="ConnectionEstablished.LogId"/>.</summary>
    public string? LogId { get; init; }
}

/// <summary>What went wrong, for people, and a code for programs (<see cref="ErrorCode"/>).</summary>
public sealed record Error : ServerFrame
{
    public required ErrorCode Code { get; init; }

    public required string Message { get; init; }

    /// <summary>The command that this answers; absent where it answers none.</summary>
    public ClientFrameId? Id { get; init; }

    /// <summary>Of an error that answers no command: the followed thread of which the next events cannot be sent at the moment.</summary>
    public ThreadId? ThreadId { get; init; }

    public int? RetryAfterMs { get; init; }

    /// <summary>With <see cref="ErrorCode.AlreadyDecided"/>: the decision that won.</summary>
    public ApprovalDecision? Decision { get; init; }

    /// <summary>With <see cref="ErrorCode.AlreadyDecided"/>: who was faster.</summary>
    public UserId? DecidedBy { get; init; }

    /// <summary>With <see cref="ErrorCode.Expired"/> or <see cref="ErrorCode.StaleCursor"/> of a <c>follow</c>: the <c>seq</c> of the first event that is still there.</summary>
    public long? HistoryBeginsAt { get; init; }
}

/// <summary>How far a tool call is, between its <c>tool_executing</c> and its <c>tool_completed</c>. Has no <c>seq</c>, is not stored, and does not come again.</summary>
public sealed record ToolProgress : ServerFrame
{
    public required ThreadId ThreadId { get; init; }

    public required RunId RunId { get; init; }

    /// <summary>As in <see cref="AgentEvent.ParentRunId"/>.</summary>
    public RunId? ParentRunId { get; init; }

    public required CallId CallId { get; init; }

    /// <summary>For people.</summary>
    public required string Text { get; init; }

    /// <summary>How much is done, from 0 to 1; absent when that is not known.</summary>
    public double? Fraction { get; init; }
}

/// <summary>The thread was deleted by its owner and is followed no more; no event of it comes after. Has no <c>seq</c>.</summary>
public sealed record ThreadDeleted : ServerFrame
{
    public required ThreadId ThreadId { get; init; }
}

/// <summary>The server is about to stop: the connection will close with 1001; connect again within this time.</summary>
public sealed record ServerDraining : ServerFrame
{
    public required int ReconnectWithinMs { get; init; }
}
