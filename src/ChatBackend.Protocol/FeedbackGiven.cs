using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>What a user thinks of an answer. Of several for one answer the last counts, with its note or without one.</summary>
public sealed record FeedbackGiven : ThreadEvent
{
    /// <summary>The message id of the answer: <see cref="AgentCompleted.MessageId"/> or <see cref="AgentStopped.MessageId"/>.</summary>
    public required MessageId MessageId { get; init; }

    public required FeedbackRating Rating { get; init; }

    public string? Note { get; init; }

    public required UserId By { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnumConverter<FeedbackRating>))]
public enum FeedbackRating
{
    Up,
    Down,

    /// <summary>Takes back an earlier rating.</summary>
    None,
}
