using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;

namespace ChatBackend.Tests.Threads;

/// <summary>What a refusal says to the client, word by word.</summary>
public sealed class ProtocolExceptionTests
{
    private static readonly ClientFrameId Id = new("c1");

    public static TheoryData<string, Error> Refusals => new()
    {
        { "not found", new Error { Code = ErrorCode.NotFound, Message = "There is no such thread." } },
        { "expired", new Error { Code = ErrorCode.Expired, Message = "Events before 7 are no longer retained.", HistoryBeginsAt = 7 } },
        {
            "stale",
            new Error
            {
                Code = ErrorCode.StaleCursor, HistoryBeginsAt = 7,
                Message = "That cursor is not of this history, which begins at event 7. Drop what you have of the thread and begin there.",
            }
        },
        { "unreadable", new Error { Code = ErrorCode.Unavailable, Message = "This thread cannot be read at the moment; the operator of the server has been told.", RetryAfterMs = 30_000 } },
        { "too much", new Error { Code = ErrorCode.Unavailable, Message = "Too much waits for clients that read slowly. Ask for this history again in a moment.", RetryAfterMs = 1000 } },
        { "unavailable", new Error { Code = ErrorCode.Unavailable, Message = "The server cannot do that at the moment. Send the same again: it takes effect once.", RetryAfterMs = 1000 } },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void It_is_the_same_for_every_command(string kind, Error error)
    {
        var refused = kind switch
        {
            "not found" => ProtocolException.NotFound(),
            "expired" => ProtocolException.HistoryExpired(7),
            "stale" => ProtocolException.StaleCursor(7),
            "unreadable" => Quarantine.Refusal(),
            "too much" => ProtocolException.TooMuchWaits(),
            _ => ProtocolException.Unavailable(),
        };

        refused.ToError(Id).Should().Be(error with { Id = Id });
        refused.Message.Should().Be(error.Message);
    }

    [Fact]
    public void It_says_who_was_faster()
    {
        var refused = new ProtocolException(ErrorCode.AlreadyDecided, "late") { Decision = ApprovalDecision.Reject, DecidedBy = new UserId("usr_1") };

        refused.ToError(Id).Should().Be(new Error { Code = ErrorCode.AlreadyDecided, Message = "late", Id = Id, Decision = ApprovalDecision.Reject, DecidedBy = new UserId("usr_1") });
    }

    [Fact]
    public void The_pause_it_names_is_that_of_the_quarantine() => Quarantine.Refusal().RetryAfterMs.Should().Be((int)Quarantine.Pause.TotalMilliseconds);
}
