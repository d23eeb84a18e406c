using System.Net;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>The connection could not be made: the server could not be reached, refused the upgrade, or closed before it was established.</summary>
public sealed class ChatConnectException : Exception
{
    internal ChatConnectException(string message, ConnectionEnd end, Exception? inner = null)
        : base(message, inner) => End = end;

    /// <summary>The HTTP status of a refused upgrade; null when there was no answer or the upgrade succeeded.</summary>
    public HttpStatusCode? Status => End.Status;

    /// <summary>The close code, when the server closed before <c>connection_established</c>.</summary>
    public int? CloseCode => End.CloseCode;

    /// <summary>When the server asks to be tried again.</summary>
    public TimeSpan? RetryAfter => End.RetryAfter;

    internal ConnectionEnd End { get; }
}

/// <summary>The server answered a command with an <c>error</c>: it had no effect.</summary>
public sealed class ChatErrorException : Exception
{
    internal ChatErrorException(Error error)
        : base($"{error.Code}: {error.Message}")
    {
        Error = error;
        Code = error.Code;
        RetryAfter = error.RetryAfterMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
        Decision = error.Decision;
        DecidedBy = error.DecidedBy;
    }

    internal Error Error { get; }

    public ErrorCode Code { get; }

    /// <summary>When the same command may succeed; null when the server did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>With <see cref="ErrorCode.AlreadyDecided"/>: the decision that won.</summary>
    public ApprovalDecision? Decision { get; }

    /// <summary>With <see cref="ErrorCode.AlreadyDecided"/>: who was faster.</summary>
    public UserId? DecidedBy { get; }
}

/// <summary>
/// The connection is closed for good, or, for a ping, was cut. Whether a command that waited for its answer took effect is not
/// known: repeat it with the same id.
/// </summary>
public sealed class ChatClosedException : Exception
{
    internal ChatClosedException(ConnectionEnd end)
        : base($"The connection is closed: {end}.", end.Cause) => End = end;

    /// <summary>Why it closed.</summary>
    public ConnectionEnd End { get; }
}

/// <summary>A reader of <see cref="ThreadFollower.Events"/> is further behind than the follower's buffer reaches. Follow the thread again from the reader's own cursor.</summary>
public sealed class FollowerOverrunException : Exception
{
    internal FollowerOverrunException(int bufferBytes)
        : base($"The reader is more than {bufferBytes} bytes behind; what it missed is no longer in memory.")
    {
    }
}

/// <summary>The server repeatedly left out events or text that it says exist.</summary>
public sealed class ThreadGapException : Exception
{
    internal ThreadGapException(ThreadId thread, long cursor)
        : base($"The events of {thread} after {cursor} could not be obtained.")
    {
    }
}

/// <summary>The thread was deleted by its owner. Nothing of it comes after, and every verb on it is refused with <see cref="ErrorCode.NotFound"/>.</summary>
public sealed class ThreadDeletedException : Exception
{
    internal ThreadDeletedException(ThreadId thread)
        : base($"{thread} was deleted.") => Thread = thread;

    public ThreadId Thread { get; }
}

/// <summary>The events after a follower's cursor are not kept any more: what was waited for may be among them. The follower goes on from <see cref="BeginsAt"/>.</summary>
public sealed class HistoryExpiredException : Exception
{
    internal HistoryExpiredException(long beginsAt)
        : base($"What came before event {beginsAt} is not kept any more.") => BeginsAt = beginsAt;

    /// <summary>The <c>seq</c> of the first event that is still there.</summary>
    public long BeginsAt { get; }
}

/// <summary>The server's log was put back to an earlier state: what was waited for may be in what was lost. The follower reads the thread again, from <see cref="BeginsAt"/>.</summary>
public sealed class HistoryReplacedException : Exception
{
    internal HistoryReplacedException(long beginsAt)
        : base("The server's log was put back to an earlier state; the thread is read again.") => BeginsAt = beginsAt;

    /// <summary>The <c>seq</c> of the first event of the history that is there now.</summary>
    public long BeginsAt { get; }
}
