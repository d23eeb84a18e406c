using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>How an answer ended. On the wire in snake_case.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<AnswerFinish>))]
public enum AnswerFinish
{
    /// <summary>The model had said what it wanted to say.</summary>
    Complete,

    /// <summary>The model's limit for one answer cut it off.</summary>
    Length,

    /// <summary>The model's provider held the rest back.</summary>
    ContentFilter,

    /// <summary>The model refused; what it said about that is the answer.</summary>
    Refusal,

    /// <summary>The model said nothing.</summary>
    Empty,
}
