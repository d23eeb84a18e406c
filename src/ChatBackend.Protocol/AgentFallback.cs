namespace ChatBackend.Protocol;

/// <summary>The model of the run's agent is not available: that of another agent answers from here on, with the instructions and tools of the run's.</summary>
public sealed record AgentFallback : AgentEvent
{
    /// <summary>The agent whose model answers.</summary>
    public required string Agent { get; init; }

    /// <summary>Why: <c>model_unavailable</c> or <c>model_rate_limited</c>.</summary>
    public required RunFailure Code { get; init; }
}
