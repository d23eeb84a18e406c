using System.Text.Json;
using ChatBackend.Connections;
using ChatBackend.Errors;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Connections;

/// <summary>One connection's commands: each is answered once, in order, with its own ack or its own error.</summary>
public sealed class AgentMessageHandlerTests : IDisposable
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly CommandReply Reply = new(WireJson.Encode(new Ack { Id = new("s1"), Status = AckStatus.Accepted, ThreadId = Thread, Seq = 7 }), Thread, 7);

    private readonly ConnectionFixture _fixture = new(new ConnectionOptions { MaxPendingCommands = 1, CloseTimeout = TimeSpan.FromSeconds(7) });
    private readonly ConnectionFixture.Opened _opened;
    private int _taken;

    public AgentMessageHandlerTests() => _opened = _fixture.Open();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_ping_is_answered_with_its_id_and_the_servers_time()
    {
        var pong = await AnswerAsync(new PingFrame { Id = new("p1") });

        (Text(pong, "type"), Text(pong, "id")).Should().Be(("pong", "p1"));
        pong.GetProperty("server_time").GetDateTimeOffset().Should().Be(_fixture.Clock.GetUtcNow());
    }

    [Theory]
    [InlineData("refused", "not_found", null)]
    [InlineData("late", "unavailable", 1000)]
    [InlineData("orleans", "unavailable", 1000)]
    [InlineData("bug", "internal", null)]
    public async Task A_command_that_fails_is_answered_with_what_its_client_can_do_about_it_and_the_next_is_carried_out(string failure, string code, int? retryAfter)
    {
        _fixture.Thread = _ => Task.FromException<CommandReply>(failure switch
        {
            "refused" => ProtocolException.NotFound(),
            "late" => new TimeoutException("secret"),
            "orleans" => new OrleansException("secret"),
            _ => new ArithmeticException("secret"),
        });

        var error = await AnswerAsync(Stop("s1"));
        _fixture.Thread = _ => Task.FromResult(Reply);
        var ack = await AnswerAsync(Stop("s1"));

        (Text(error, "type"), Text(error, "id"), Text(error, "code")).Should().Be(("error", "s1", code));
        Text(error, "message").Should().NotBeNullOrEmpty().And.NotContain("secret");
        (error.TryGetProperty("retry_after_ms", out var after) ? after.GetInt32() : (int?)null).Should().Be(retryAfter);
        ack.GetProperty("seq").GetInt64().Should().Be(7);
        _opened.Reason.Should().BeNull();
        _fixture.Lines.All.Where(line => line.StartsWith("Warning", StringComparison.Ordinal)).Should().Equal(failure switch
        {
            "late" => ["Warning: StopFrame could not reach its thread (TimeoutException). 0 more since the last such line"],
            "orleans" => ["Warning: StopFrame could not reach its thread (OrleansException). 0 more since the last such line"],
            _ => Array.Empty<string>(),
        });
        _fixture.Lines.All.Should().Contain($"Information: StopFrame is answered with {code}. 0 more since the last such line");
    }

    [Fact]
    public async Task A_stop_and_a_decision_are_acknowledged_with_what_their_thread_says()
    {
        var called = new List<string>();
        _fixture.Thread = method =>
        {
            called.Add(method);
            return Task.FromResult(Reply);
        };

        Text(await AnswerAsync(Stop("s1")), "status").Should().Be("accepted");
        Text(await AnswerAsync(Decide("s1")), "thread_id").Should().Be("thr_1");

        called.Should().Equal("Stop", "Decide");
    }

    [Fact]
    public async Task Who_follows_nothing_has_nothing_to_leave()
    {
        var error = await AnswerAsync(new UnfollowFrame { Id = new("u1"), ThreadId = Thread });

        (Text(error, "type"), Text(error, "id"), Text(error, "code")).Should().Be(("error", "u1", "not_found"));
        await EndAsync();
        _opened.Socket.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task A_command_after_one_that_was_acknowledged_may_be_refused_all_the_same()
    {
        _fixture.Thread = method => method == "Stop" ? Task.FromResult(Reply) : Task.FromException<CommandReply>(new TimeoutException());
        await AnswerAsync(Stop("s1"));

        Text(await AnswerAsync(Decide("d1")), "code").Should().Be("unavailable");

        _opened.Reason.Should().BeNull();
    }

    [Fact]
    public async Task Commands_are_carried_out_one_after_the_other()
    {
        var steps = new List<string>();
        _fixture.Thread = method =>
        {
            steps.Add($"{method} begins");
            return EndLaterAsync();

            async Task<CommandReply> EndLaterAsync()
            {
                await ConnectionFixture.SettleAsync();
                steps.Add($"{method} ends");
                return Reply;
            }
        };

        Take(Stop("s1"));
        await Deadline.UntilAsync(() => steps.Count > 0);
        Take(Decide("d1"));
        await _opened.Socket.SentAsync(1);

        steps.Should().Equal("Stop begins", "Stop ends", "Decide begins", "Decide ends");
    }

    [Fact]
    public async Task A_command_too_many_is_refused_at_once_and_may_come_again_in_a_second()
    {
        var gate = new TaskCompletionSource<CommandReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.Thread = _ =>
        {
            begun.TrySetResult();
            return gate.Task;
        };
        Take(Stop("s1"));
        await begun.Task.Soon();
        Take(Stop("s2"));

        var refused = await AnswerAsync(Stop("s3"));

        (Text(refused, "id"), Text(refused, "code"), refused.GetProperty("retry_after_ms").GetInt32()).Should().Be(("s3", "rate_limited", 1000));
        gate.SetResult(Reply);
        await _opened.Socket.SentAsync(2);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("usr_bob")]
    public async Task A_token_of_nobody_or_of_somebody_else_changes_no_session(string? user)
    {
        var before = _opened.Context.Session;
        var token = user is null ? "nonsense" : _fixture.Tokens.Issue(UserId.From(user)).Token;

        var error = await AnswerAsync(new AuthenticateFrame { Id = new("a1"), Token = token });

        (Text(error, "id"), Text(error, "code"), Text(error, "message")).Should().Be(("a1", "unauthenticated", "That token is not valid for this session."));
        _opened.Context.Session.Should().BeSameAs(before);
    }

    [Fact]
    public async Task A_newer_token_of_the_same_user_is_the_session_from_then_on()
    {
        var (token, session) = _fixture.Tokens.Issue(_opened.Context.Session.User);

        var ack = await AnswerAsync(new AuthenticateFrame { Id = new("a1"), Token = token });

        (Text(ack, "type"), Text(ack, "id"), Text(ack, "status")).Should().Be(("ack", "a1", "accepted"));
        _opened.Context.Session.Should().Be(session);
    }

    [Fact]
    public void A_message_is_overdue_after_its_time_and_no_sooner()
    {
        _fixture.Clock.Advance(TimeSpan.FromDays(1));
        _opened.Handler.IsMessageOverdue().Should().BeFalse("none has begun");
        _opened.Context.MessageStartedAt = _fixture.Clock.GetTimestamp();

        _fixture.Clock.Advance(_fixture.Options.Value.MessageTimeout);
        _opened.Handler.IsMessageOverdue().Should().BeFalse();
        _fixture.Clock.Advance(TimeSpan.FromTicks(1));
        _opened.Handler.IsMessageOverdue().Should().BeTrue();
    }

    [Fact]
    public async Task A_connection_that_ends_waits_for_its_command_without_a_word()
    {
        var gate = Gate();
        Take(Stop("s1"));
        var ending = _opened.Handler.EndAsync(CancellationToken.None);
        await ConnectionFixture.SettleAsync();
        ending.IsCompleted.Should().BeFalse();

        gate.SetResult(Reply);

        await ending.Soon();
        _opened.Socket.Sent.Should().ContainSingle();
        _fixture.Lines.All.Should().BeEmpty();
    }

    [Fact]
    public async Task A_stop_of_the_server_does_not_wait_longer_than_a_step_of_a_close_and_says_so()
    {
        Gate();
        Take(Stop("s1"));

        var ending = _opened.Handler.EndAsync(new CancellationToken(canceled: true));
        await _fixture.Clock.WaitsAsync(_fixture.Options.Value.CloseTimeout);
        _fixture.Clock.Advance(_fixture.Options.Value.CloseTimeout);

        await ending.Soon();
        _fixture.Lines.All.Should().Equal("Warning: The server stops before the commands of a closed connection have finished");
    }

    [Fact]
    public async Task A_connection_without_commands_ends_at_once_and_without_a_word()
    {
        await _opened.Handler.EndAsync(new CancellationToken(canceled: true)).Soon();

        _fixture.Lines.All.Should().BeEmpty();
    }

    private TaskCompletionSource<CommandReply> Gate()
    {
        var gate = new TaskCompletionSource<CommandReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.Thread = _ => gate.Task;
        return gate;
    }

    private void Take(ClientFrame frame) => _opened.Handler.Handle(frame, bytes: 10);

    private async Task<JsonElement> AnswerAsync(ClientFrame frame)
    {
        var index = _taken++;
        Take(frame);
        return await _opened.Socket.SentAsync(index);
    }

    private Task EndAsync() => _opened.Handler.EndAsync(CancellationToken.None).Soon();

    private static StopFrame Stop(string id) => new() { Id = new(id), ThreadId = Thread };

    private static DecideFrame Decide(string id) => new()
    {
        Id = new(id), ThreadId = Thread, CallId = new("call_1"), ArgumentsDigest = "digest", Decision = ApprovalDecision.Approve,
    };

    private static string? Text(JsonElement frame, string name) => frame.GetProperty(name).GetString();
}
