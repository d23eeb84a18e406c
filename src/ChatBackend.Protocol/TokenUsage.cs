namespace ChatBackend.Protocol;

/// <summary>Tokens as the model counted them, over the steps of the run that were counted before it ended.</summary>
public sealed record TokenUsage
{
    public required long InputTokens { get; init; }

    public required long OutputTokens { get; init; }

    /// <summary>Those of the input that the provider had in a cache; absent when it did not say.</summary>
    public long? CachedTokens { get; init; }

    /// <summary>Those of the output that were thinking; absent when it did not say.</summary>
    public long? ReasoningTokens { get; init; }

    /// <summary>What they cost, in the currency of the prices that the agent has; absent where it has none.</summary>
    public decimal? Cost { get; init; }
}
