using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>The one exception whose text reaches a client: it becomes an <c>error</c> frame.</summary>
[GenerateSerializer]
internal sealed class ProtocolException(ErrorCode code, string message, int? retryAfterMs = null) : Exception(message)
{
    [Id(0)]
    public ErrorCode Code { get; } = code;

    [Id(1)]
    public int? RetryAfterMs { get; } = retryAfterMs;

    public static ProtocolException NotFound() => new(ErrorCode.NotFound, "There is no such thread.");

    public static ProtocolException Unavailable() =>
        new(ErrorCode.Unavailable, "The server cannot do that at the moment; nothing was changed. Try again.", retryAfterMs: 1000);
}
