using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>A thread's one mutable row: who owns it, who may write, where its log ends.</summary>
internal sealed class ThreadRow
{
    /// <summary>Small and in order of creation; what the other tables refer to instead of the random id.</summary>
    public long Key { get; init; }

    public required string Id { get; init; }

    public required string Owner { get; init; }

    public long Epoch { get; init; }

    public long Head { get; init; }

    public long? OpenFrom { get; init; }

    /// <summary>Unix milliseconds, as all times here.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When its last event happened.</summary>
    public long UpdatedAt { get; init; }

    public string? Title { get; init; }

    public bool IsArchived { get; init; }

    /// <summary>The <c>seq</c> of the first event that is still there.</summary>
    public long HistoryBegins { get; init; }

    /// <summary>Its id and owner are gone, and what it held is being erased.</summary>
    public bool IsDeleted { get; init; }
}

internal sealed class EventRow
{
    public long ThreadKey { get; init; }

    public long Seq { get; init; }

    public required byte[] Json { get; init; }
}

/// <summary>The id of a message or a call, and the event that it came with.</summary>
internal sealed class EventIdRow
{
    public long ThreadKey { get; init; }

    public required string Id { get; init; }

    public long Seq { get; init; }
}

internal sealed class CommandRow
{
    public required string User { get; init; }

    public required string Id { get; init; }

    public required byte[] Digest { get; init; }

    public required byte[] Ack { get; init; }
}

internal sealed class CheckpointRow
{
    public long Key { get; init; }

    public long ThreadKey { get; init; }

    public required string Run { get; init; }

    public required string Part { get; init; }

    public PartKind Kind { get; init; }

    public int Offset { get; init; }

    public required string Text { get; init; }
}

/// <summary>The text of an event that a search may find.</summary>
internal sealed class TextRow
{
    public long Key { get; init; }

    public long ThreadKey { get; init; }

    public long Seq { get; init; }

    public long At { get; init; }

    /// <summary>The thread's owner as one word, so that the index itself narrows a search to its user.</summary>
    public required string OwnerToken { get; init; }

    public required string Text { get; init; }
}
