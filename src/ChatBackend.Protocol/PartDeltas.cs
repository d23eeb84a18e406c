namespace ChatBackend.Protocol;

/// <summary>
/// Text of a part in flight; has no <c>seq</c>. <see cref="Offset"/> is the position of <see cref="Text"/> in its part
/// in UTF-16 code units: drop what the part already has, append the rest.
/// </summary>
public abstract record PartDelta : ServerFrame
{
    public required ThreadId ThreadId { get; init; }

    public required RunId RunId { get; init; }

    public required PartId PartId { get; init; }

    public required int Offset { get; init; }

    public required string Text { get; init; }
}

public sealed record AgentDelta : PartDelta;

public sealed record AgentThinking : PartDelta;
