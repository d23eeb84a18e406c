namespace ChatBackend.Protocol;

/// <summary>The conversation is longer than a model takes at once: from here on it is shown less of it. What stands in the thread stays there.</summary>
public sealed record AgentContextTrimmed : AgentEvent
{
    /// <summary>The agent whose model it is.</summary>
    public required string Agent { get; init; }

    /// <summary>The oldest message that the model is still shown; absent where all are, and in a nested run.</summary>
    public MessageId? FromMessageId { get; init; }

    /// <summary>Exchanges, a message and its answer, that the model is not shown any more since this event.</summary>
    public required int Exchanges { get; init; }

    /// <summary>Results of tools of which the model is shown less since this event: their begin and their end.</summary>
    public required int Results { get; init; }

    /// <summary>What the model is shown in the place of all that it is not shown any more; absent where that is nothing, or what an earlier event has.</summary>
    public string? Summary { get; init; }
}
