using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>Asks for the user's list of threads, or for what changed in it since a cursor, and for all that changes later. One list for one connection.</summary>
public sealed record FollowThreadsFrame : ClientCommand
{
    /// <summary>The last cursor the client got; absent asks for the newest threads.</summary>
    [JsonConverter(typeof(TextConverter))]
    public string? Cursor { get; init; }
}

public sealed record UnfollowThreadsFrame : ClientCommand;

/// <summary>The user has read a thread, on every device. What is read stays read.</summary>
public sealed record MarkReadFrame : ClientCommand
{
    public required ThreadId ThreadId { get; init; }

    /// <summary>The last event that was read; absent for all of them.</summary>
    [JsonConverter(typeof(OptionalSeqConverter))]
    public long? Seq { get; init; }
}

/// <summary>A thread of the user as <c>GET /api/threads</c> gives it: it is in the list, or what the list says of it is different now.</summary>
public sealed record ThreadListed : ServerFrame
{
    public required ThreadId ThreadId { get; init; }

    public string? Title { get; init; }

    public required bool Archived { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last event happened.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The <c>seq</c> of its last event; 0 before the first.</summary>
    public required long Head { get; init; }

    /// <summary>Whether a run is open or a message waits for one.</summary>
    public required bool Running { get; init; }

    /// <summary>Whether a tool call waits for the user's decision.</summary>
    public required bool NeedsApproval { get; init; }

    /// <summary>Whether an answer or a request for approval came that the user has not read, on any device.</summary>
    public required bool Unread { get; init; }

    /// <summary>The agent of its last message; absent before the first.</summary>
    public string? Agent { get; init; }

    /// <summary>The <c>seq</c> of the first event that is still there.</summary>
    public required long HistoryBeginsAt { get; init; }

    /// <summary>Where to go on from, see <see cref="FollowThreadsFrame.Cursor"/>. Absent in the answer to a follow without a cursor: that one ends with <see cref="ThreadsCaughtUp"/>.</summary>
    public string? Cursor { get; init; }
}

/// <summary>A thread is in none of the user's lists any more.</summary>
public sealed record ThreadUnlisted : ServerFrame
{
    public required ThreadId ThreadId { get; init; }

    public required UnlistReason Reason { get; init; }

    /// <inheritdoc cref="ThreadListed.Cursor"/>
    public required string Cursor { get; init; }
}

/// <summary>Why a thread left the list. Later versions may have more.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<UnlistReason>))]
public enum UnlistReason
{
    Deleted,
}

/// <summary>The answer to <c>follow_threads</c> is complete; what follows is live.</summary>
public sealed record ThreadsCaughtUp : ServerFrame
{
    /// <inheritdoc cref="ThreadListed.Cursor"/>
    public required string Cursor { get; init; }

    /// <summary>As in <see cref="ConnectionEstablished.LogId"/>.</summary>
    public required string LogId { get; init; }

    /// <summary>True when the user has older threads than those that were sent: <c>GET /api/threads</c> has them. Absent when there are none, and after a cursor.</summary>
    public bool? HasMore { get; init; }
}
