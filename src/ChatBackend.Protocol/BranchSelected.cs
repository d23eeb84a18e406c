namespace ChatBackend.Protocol;

/// <summary>
/// Another branch is the active one: every user message after <see cref="ToSeq"/> and before this event is replaced, as by a <see cref="ThreadRewound"/>, but for those in
/// <see cref="Restored"/>, which count again. <see cref="ActivePath"/> adds it up.
/// </summary>
public sealed record BranchSelected : ThreadEvent
{
    /// <summary>The message that was chosen.</summary>
    public required MessageId MessageId { get; init; }

    public required long ToSeq { get; init; }

    /// <summary>Where the messages stand that are on the active path again; in order, apart from one another.</summary>
    public required IReadOnlyList<MessageSpan> Restored { get; init; }
}

/// <summary>Messages with a <c>seq</c> between the two, neither of them included.</summary>
public readonly record struct MessageSpan
{
    public required long AfterSeq { get; init; }

    public required long BeforeSeq { get; init; }

    public bool Holds(long seq) => seq > AfterSeq && seq < BeforeSeq;
}
