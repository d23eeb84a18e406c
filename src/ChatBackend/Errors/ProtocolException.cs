using ChatBackend.Protocol;

namespace ChatBackend.Errors;

/// <summary>The one exception whose text reaches a client: it becomes an <c>error</c> frame.</summary>
[GenerateSerializer]
internal sealed class ProtocolException(ErrorCode code, string message, int? retryAfterMs = null) : Exception(message), IReportedException
{
    [Id(0)]
    public ErrorCode Code { get; } = code;

    [Id(1)]
    public int? RetryAfterMs { get; } = retryAfterMs;

    /// <summary>With <see cref="ErrorCode.AlreadyDecided"/>: the decision that won.</summary>
    [Id(2)]
    public ApprovalDecision? Decision { get; init; }

    [Id(3)]
    public UserId? DecidedBy { get; init; }

    /// <summary>With <see cref="ErrorCode.Expired"/> or <see cref="ErrorCode.StaleCursor"/> of a cursor: the first event that is still there.</summary>
    [Id(4)]
    public long? HistoryBeginsAt { get; init; }

    public Error ToError(ClientFrameId id) => new()
    {
        Code = Code,
        Message = Message,
        Id = id,
        RetryAfterMs = RetryAfterMs,
        Decision = Decision,
        DecidedBy = DecidedBy,
        HistoryBeginsAt = HistoryBeginsAt,
    };

    public static ProtocolException NotFound() => new(ErrorCode.NotFound, "There is no such thread.");

    public static ProtocolException HistoryExpired(long begins) =>
        new(ErrorCode.Expired, $"Events before {begins} are no longer retained.") { HistoryBeginsAt = begins };

    public static ProtocolException StaleCursor(long begins) =>
        new(ErrorCode.StaleCursor, $"That cursor is not of this history, which begins at event {begins}. Drop what you have of the thread and begin there.") { HistoryBeginsAt = begins };

    public static ProtocolException TooMuchWaits() =>
        new(ErrorCode.Unavailable, "Too much waits for clients that read slowly. Ask for this history again in a moment.", retryAfterMs: 1000);

    public static ProtocolException Unavailable() =>
        new(ErrorCode.Unavailable, "The server cannot do that at the moment. Send the same again: it takes effect once.", retryAfterMs: 1000);
}
