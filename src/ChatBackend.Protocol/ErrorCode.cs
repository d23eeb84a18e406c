using System.Text.Json.Serialization;

namespace ChatBackend.Protocol;

/// <summary>Why a command was refused. On the wire in snake_case.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ErrorCode>))]
public enum ErrorCode
{
    /// <summary>The message is not JSON.</summary>
    InvalidJson,

    /// <summary>JSON, but no frame: no object, no type, a member missing, empty, repeated or of the wrong type, or too deep.</summary>
    InvalidFrame,

    /// <summary>A type that clients may not send.</summary>
    UnknownType,

    /// <summary>The id was used before for something else.</summary>
    IdConflict,

    TooLarge,

    RateLimited,

    /// <summary>There is no such thing, or it is not yours.</summary>
    NotFound,

    RunInProgress,

    NoSuchRun,

    AlreadyDecided,

    Expired,

    /// <summary>The event behind a cursor is not in this history: the log was put back to an earlier state.</summary>
    StaleCursor,

    Unauthenticated,

    UnknownAgent,

    QuotaExceeded,

    /// <summary>Not now. Where a commit was under way its outcome is not known: the same again, with the same id, takes effect once.</summary>
    Unavailable,

    /// <summary>An unhandled error of the server. The message holds a reference that stands in the log.</summary>
    Internal,
}
