using System.Net;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>Why a socket ended, or why there is none.</summary>
public sealed record ConnectionEnd
{
    /// <summary>The code of the close frame, the peer's or our own; null when there was none.</summary>
    public int? CloseCode { get; init; }

    /// <summary>The text of the close frame, or ours, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>The HTTP status of a refused upgrade.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What broke, when something did.</summary>
    public Exception? Cause { get; init; }

    /// <summary>Within which time the server asked to reconnect, when it announced its stop.</summary>
    internal TimeSpan? ReconnectWithin { get; init; }

    /// <summary>Set when the end came from this side and for good.</summary>
    internal bool IsOurs { get; init; }

    /// <summary>Nothing would be different the next time.</summary>
    internal bool IsFinal => IsOurs
        || CloseCode is CloseCodes.Normal or CloseCodes.Policy or CloseCodes.Forbidden
        || Status is HttpStatusCode.Forbidden;

    internal bool NeedsNewToken => CloseCode is CloseCodes.Unauthenticated || Status is HttpStatusCode.Unauthorized;

    /// <summary>As a sentence for people.</summary>
    public override string ToString() =>
        CloseCode is { } code ? $"{code} {Reason}".TrimEnd()
        : Status is { } status ? $"HTTP {(int)status} {Reason}".TrimEnd()
        : Reason;
}
