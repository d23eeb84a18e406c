using ChatBackend.Errors;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Threads.CommandBench;

namespace ChatBackend.Tests.Threads;

/// <summary>What a decision becomes, and what who comes too late or means another call is told.</summary>
public sealed class DecideCommandTests : IAsyncLifetime
{
    private const string NoSuchCall = "No call of that id and those arguments waits for a decision.";
    private static readonly DateTimeOffset ExpiresAt = Start.AddMinutes(10);

    private CommandBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await CommandBench.StartAsync();
        await _bench.Thread.CreateAsync(
            WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Required("run_1", "call_1", ExpiresAt), WriterBench.Required("run_1", "call_2", ExpiresAt));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(ApprovalDecision.Approve, "fine")]
    [InlineData(ApprovalDecision.Reject, null)]
    public async Task A_call_that_waits_is_decided_as_it_is_said(ApprovalDecision decision, string? note)
    {
        var command = _bench.Decide(decision: decision, note: note);

        var effect = await _bench.Commands.DecideAsync(command);

        var decided = (await _bench.Thread.EventsAsync())[^1].Should().BeOfType<ApprovalDecided>().Subject;
        (decided.RunId.Value, decided.CallId.Value, decided.Decision, decided.DecidedBy, decided.Note).Should().Be(("run_1", "call_1", decision, _bench.Owner, note));
        AckOf(effect).Should().Be(new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = _bench.Thread.Thread, Seq = 5, RunId = new RunId("run_1") });
        (effect.IsNew, effect.Stops, effect.Reply.Seq).Should().Be((true, null, 5));
        await _bench.AssertRepeatedAsync(effect, () => _bench.Commands.DecideAsync(command));
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(command with { Note = "other" }))).Code.Should().Be(ErrorCode.IdConflict);
        var refused = (await FluentActions.Awaiting(() => _bench.Commands.DecideAsync(command with { Id = new ClientFrameId("d2") })).Should().ThrowAsync<ProtocolException>()).Which;
        (refused.Code, refused.Message, refused.Decision, refused.DecidedBy).Should().Be((ErrorCode.AlreadyDecided, "The call has already been decided.", decision, _bench.Owner));
    }

    [Fact]
    public async Task A_decision_is_about_the_arguments_that_were_shown()
    {
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide(digest: "sha256:2")))).Should().Be((ErrorCode.NotFound, NoSuchCall));
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide(call: "call_9")))).Should().Be((ErrorCode.NotFound, NoSuchCall));
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide(call: "msg_1")))).Should().Be((ErrorCode.NotFound, NoSuchCall));
        await _bench.Commands.DecideAsync(_bench.Decide());
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide("d2", digest: "sha256:2")))).Should().Be((ErrorCode.NotFound, NoSuchCall));
    }

    [Fact]
    public async Task Once_the_time_is_over_nothing_is_decided()
    {
        _bench.IsTooLate = true;

        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide()))).Should().Be((ErrorCode.Expired, "The time to decide is over."));
        (await _bench.Thread.EventsAsync()).Should().HaveCount(4);
    }

    public static TheoryData<string, ErrorCode, string> Ends => new()
    {
        { "expired by the date", ErrorCode.Expired, "The time to decide is over." },
        { "expired by what has passed", ErrorCode.Expired, "The time to decide is over." },
        { "just before the time was over", ErrorCode.NoSuchRun, "The run that asked has ended." },
        { "completed", ErrorCode.NoSuchRun, "The run that asked has ended." },
        { "stopped", ErrorCode.NoSuchRun, "The run that asked has ended." },
        { "failed", ErrorCode.NoSuchRun, "The run that asked has ended." },
        { "decided far back", ErrorCode.AlreadyDecided, "The call has already been decided." },
        { "nothing follows", ErrorCode.NoSuchRun, "The run that asked has ended." },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Who_decides_about_a_call_that_waits_no_more_is_told_why(string how, ErrorCode code, string message)
    {
        var run = new RunId("run_1");
        var decided = new ApprovalDecided { RunId = run, CallId = new CallId("call_1"), Decision = ApprovalDecision.Reject, DecidedBy = _bench.Owner };
        if (how == "expired by the date")
        {
            _bench.Clock.Advance(ExpiresAt - Start);
        }

        ThreadEvent[] events = how switch
        {
            "expired by the date" => [Late(0), WriterBench.Answered("run_1")],
            "expired by what has passed" => [Late(600_000), WriterBench.Answered("run_1")],
            "just before the time was over" => [Late(599_999), WriterBench.Answered("run_1")],
            "completed" => [decided with { CallId = new CallId("call_2") }, WriterBench.Answered("run_1"), WriterBench.Message("msg_2"), decided],
            "stopped" => [new AgentStopped { RunId = run, MessageId = MessageId.New(), Content = "", Reason = StopReason.User }, decided],
            "failed" => [new AgentFailed { RunId = run, Code = RunFailure.Internal, Message = "", Retryable = false }, decided],
            "decided far back" => [.. Enumerable.Range(0, 150).Select(i => WriterBench.Completed("run_1", $"other_{i}")), decided, WriterBench.Answered("run_1")],
            _ => [WriterBench.Completed("run_1", "call_2")],
        };
        await _bench.Thread.AppendAsync(events);
        if (how == "nothing follows")
        {
            await _bench.Thread.AppendAsync(WriterBench.Started("run_2", "msg_1")); // as if the end of the first had been lost
        }

        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide()))).Should().Be((code, message));
    }

    [Fact]
    public async Task In_a_thread_that_is_not_the_users_only_a_retry_is_answered()
    {
        var first = await _bench.Commands.DecideAsync(_bench.Decide());
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide() with { User = UserId.New() }))).Code.Should().Be(ErrorCode.NotFound);
        await _bench.Thread.Writer.DeleteAsync(_bench.Thread.Store, _bench.Owner);

        await _bench.AssertRepeatedAsync(first, () => _bench.Commands.DecideAsync(_bench.Decide()));
        (await RefusalOfAsync(() => _bench.Commands.DecideAsync(_bench.Decide("d2")))).Code.Should().Be(ErrorCode.NotFound);
    }

    private static ToolCompleted Late(long durationMs) => WriterBench.Completed("run_1", "call_1", ToolOutcome.Rejected, durationMs);
}
