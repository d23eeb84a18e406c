using System.Net;
using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What an end and the exceptions of this library say.</summary>
public sealed class ConnectionEndTests
{
    [Theory]
    [InlineData(CloseCodes.Normal, true, false)]
    [InlineData(CloseCodes.Policy, true, false)]
    [InlineData(CloseCodes.Forbidden, true, false)]
    [InlineData(CloseCodes.Unauthenticated, false, true)]
    [InlineData(CloseCodes.GoingAway, false, false)]
    [InlineData(CloseCodes.AtCapacity, false, false)]
    [InlineData(null, false, false)]
    public void A_close_code_says_whether_to_try_again_and_whether_with_another_token(int? code, bool isFinal, bool needsNewToken)
    {
        var end = new ConnectionEnd { CloseCode = code, Reason = "" };

        (end.IsFinal, end.NeedsNewToken).Should().Be((isFinal, needsNewToken));
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, true, false)]
    [InlineData(HttpStatusCode.Unauthorized, false, true)]
    [InlineData(HttpStatusCode.ServiceUnavailable, false, false)]
    public void A_status_says_whether_to_try_again_and_whether_with_another_token(HttpStatusCode status, bool isFinal, bool needsNewToken)
    {
        var end = new ConnectionEnd { Status = status, Reason = "" };

        (end.IsFinal, end.NeedsNewToken).Should().Be((isFinal, needsNewToken));
    }

    [Fact]
    public void What_ends_from_this_side_is_final() => new ConnectionEnd { Reason = "", IsOurs = true }.IsFinal.Should().BeTrue();

    [Theory]
    [InlineData(4403, null, "go away", "4403 go away")]
    [InlineData(1000, null, "", "1000")]
    [InlineData(null, HttpStatusCode.ServiceUnavailable, "the upgrade was refused", "HTTP 503 the upgrade was refused")]
    [InlineData(null, HttpStatusCode.Forbidden, "", "HTTP 403")]
    [InlineData(null, null, "no connection in time", "no connection in time")]
    public void An_end_reads_as_a_sentence(int? code, HttpStatusCode? status, string reason, string sentence) =>
        new ConnectionEnd { CloseCode = code, Status = status, Reason = reason }.ToString().Should().Be(sentence);

    [Fact]
    public void What_is_thrown_says_why_and_holds_what_a_program_needs()
    {
        var cause = new IOException("gone");
        var end = new ConnectionEnd
        {
            CloseCode = CloseCodes.AtCapacity, Reason = "full", Status = HttpStatusCode.ServiceUnavailable, RetryAfter = TimeSpan.FromSeconds(3), Cause = cause,
        };
        var closed = new ChatClosedException(end);
        (closed.Message, closed.End, closed.InnerException).Should().Be(("The connection is closed: 1013 full.", end, cause));
        var connect = new ChatConnectException("No.", end, cause);
        (connect.Message, connect.CloseCode, connect.Status, connect.RetryAfter, connect.InnerException)
            .Should().Be(("No.", 1013, HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(3), cause));

        new FollowerOverrunException(1000).Message.Should().Be("The reader is more than 1000 bytes behind; what it missed is no longer in memory.");
        new ThreadGapException(TheThread, 7).Message.Should().Be("The events of thr_1 after 7 could not be obtained.");
        var deleted = new ThreadDeletedException(TheThread);
        (deleted.Message, deleted.Thread).Should().Be(("thr_1 was deleted.", TheThread));
        var expired = new HistoryExpiredException(120);
        (expired.Message, expired.BeginsAt).Should().Be(("What came before event 120 is not kept any more.", 120));
        new HistoryReplacedException(3).BeginsAt.Should().Be(3);
    }

    [Fact]
    public void A_refusal_holds_what_the_server_said()
    {
        var error = new Error
        {
            Code = ErrorCode.AlreadyDecided, Message = "Too late.", RetryAfterMs = 1500, Decision = ApprovalDecision.Approve, DecidedBy = new UserId("usr_2"),
        };

        var refused = new ChatErrorException(error);

        refused.Should().BeEquivalentTo(new
        {
            Message = "AlreadyDecided: Too late.", Code = ErrorCode.AlreadyDecided, RetryAfter = TimeSpan.FromSeconds(1.5),
            Decision = ApprovalDecision.Approve, DecidedBy = new UserId("usr_2"),
        });
        new ChatErrorException(error with { RetryAfterMs = null }).RetryAfter.Should().BeNull();
    }

    [Fact]
    public void What_is_not_given_is_what_the_options_say()
    {
        var options = new ChatConnectionOptions { Uri = new Uri("ws://chat.example/ws"), Token = _ => new("token") };

        (options.ConnectTimeout, options.FirstBackoff, options.MaxBackoff, options.PingInterval, options.InboundTimeout, options.SendTimeout, options.CloseTimeout)
            .Should().Be((Seconds(15), Seconds(0.25), Seconds(10), Seconds(20), Seconds(45), Seconds(15), Seconds(5)));
        (options.MaxFrameBytes, options.MaxWaitingCommands, options.RetryRefused, options.FollowerBufferBytes, options.TimeProvider)
            .Should().Be((67_108_864, 1024, true, 8_388_608, TimeProvider.System));
        options.Jitter().Should().BeInRange(0, 1);

        static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
    }
}
