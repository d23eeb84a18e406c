using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>A frame that a client may send. The set is closed: the server's own frames are not in it and are refused.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ChatFrame), "chat")]
[JsonDerivedType(typeof(FollowFrame), "follow")]
[JsonDerivedType(typeof(UnfollowFrame), "unfollow")]
[JsonDerivedType(typeof(StopFrame), "stop")]
[JsonDerivedType(typeof(DecideFrame), "decide")]
[JsonDerivedType(typeof(SelectBranchFrame), "select_branch")]
[JsonDerivedType(typeof(FeedbackFrame), "feedback")]
[JsonDerivedType(typeof(FollowThreadsFrame), "follow_threads")]
[JsonDerivedType(typeof(UnfollowThreadsFrame), "unfollow_threads")]
[JsonDerivedType(typeof(MarkReadFrame), "mark_read")]
[JsonDerivedType(typeof(AuthenticateFrame), "authenticate")]
[JsonDerivedType(typeof(PingFrame), "ping")]
public abstract record ClientFrame;

/// <summary>A client frame that is answered by an <c>ack</c> or an <c>error</c> with its id. All but <c>ping</c>.</summary>
public abstract record ClientCommand : ClientFrame
{
    public required ClientFrameId Id { get; init; }
}

/// <summary>A message to an agent. Without a thread the server opens one; the sender follows it from then on.</summary>
public sealed record ChatFrame : ClientCommand
{
    [JsonConverter(typeof(TextConverter))]
    public required string Content { get; init; }

    [JsonConverter(typeof(OptionalWireIdConverter<ThreadId>))]
    public ThreadId? ThreadId { get; init; }

    /// <summary>The agent that answers; the server's default when absent.</summary>
    [JsonConverter(typeof(TextConverter))]
    public string? Agent { get; init; }

    public WhenRunning WhenRunning { get; init; }

    /// <summary>The user's message that this one takes the place of, with all that came of it.</summary>
    [JsonConverter(typeof(OptionalWireIdConverter<MessageId>))]
    public MessageId? Replaces { get; init; }
}

/// <summary>What becomes of a message that arrives while a run of its thread is busy.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<WhenRunning>))]
public enum WhenRunning
{
    /// <summary>It waits, durably, and is answered by the next run.</summary>
    Queue,

    /// <summary>It enters the run's next model step.</summary>
    Steer,

    /// <summary>The run is stopped, keeps what it has said, and the message is answered next.</summary>
    Interrupt,

    /// <summary>It is refused with <c>run_in_progress</c>.</summary>
    Reject,
}

/// <summary>Asks for a thread's events after a cursor and for all that come later.</summary>
public sealed record FollowFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    /// <summary>The last <c>seq</c> the client has; 0 asks for all.</summary>
    [JsonConverter(typeof(CursorConverter))]
    public long AfterSeq { get; init; }

    /// <summary>The <c>at</c> of the event behind <see cref="AfterSeq"/>: with it the cursor names an event, not only a number, and is refused in another history.</summary>
    [JsonConverter(typeof(OptionalTimeConverter))]
    public DateTimeOffset? AfterAt { get; init; }

    /// <summary>How much the client already has of parts in flight, in UTF-16 code units.</summary>
    /// <remarks>Set to null by the generated reader when the member is absent: it does not know initial values.</remarks>
    public IReadOnlyList<PartPosition> Parts { get; init => field = value ?? []; } = [];
}

/// <summary>How much of a part a client has, in UTF-16 code units.</summary>
public readonly record struct PartPosition
{
    public required PartId PartId { get; init; }

    [JsonConverter(typeof(LengthConverter))]
    public required int Length { get; init; }
}

public sealed record UnfollowFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }
}

/// <summary>Ends a run: the one named, or whichever the thread has open. With a message: takes it back while it waits, and ends the run that answers it.</summary>
public sealed record StopFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    [JsonConverter(typeof(OptionalWireIdConverter<RunId>))]
    public RunId? RunId { get; init; }

    [JsonConverter(typeof(OptionalWireIdConverter<MessageId>))]
    public MessageId? MessageId { get; init; }
}

/// <summary>Approves or rejects one tool call, bound to the arguments that were shown.</summary>
public sealed record DecideFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    public required CallId CallId { get; init; }

    [JsonConverter(typeof(TextConverter))]
    public required string ArgumentsDigest { get; init; }

    public required ApprovalDecision Decision { get; init; }

    [JsonConverter(typeof(TextConverter))]
    public string? Note { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<ApprovalDecision>))]
public enum ApprovalDecision
{
    Approve,
    Reject,
}

/// <summary>Makes the branch of a message the active one: what stood before it, the message, and what followed it when it was last active.</summary>
public sealed record SelectBranchFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    /// <summary>Any message of the user in the thread, most often another version of one that is shown.</summary>
    public required MessageId MessageId { get; init; }
}

/// <summary>What the user thinks of an answer; the last one counts.</summary>
public sealed record FeedbackFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    /// <summary>The message id of the answer: <see cref="AgentCompleted.MessageId"/> or <see cref="AgentStopped.MessageId"/>.</summary>
    public required MessageId MessageId { get; init; }

    public required FeedbackRating Rating { get; init; }

    /// <summary>Why, in at most 2,000 UTF-16 code units.</summary>
    [JsonConverter(typeof(TextConverter))]
    public string? Note { get; init; }
}

/// <summary>Extends the session in place with a newer token of the same user.</summary>
public sealed record AuthenticateFrame : ClientCommand
{
    [JsonConverter(typeof(TextConverter))]
    public required string Token { get; init; }
}

public sealed record PingFrame : ClientFrame
{
    [JsonConverter(typeof(OptionalWireIdConverter<ClientFrameId>))]
    public ClientFrameId? Id { get; init; }
}
