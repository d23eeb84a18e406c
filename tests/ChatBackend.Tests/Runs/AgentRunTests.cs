using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Runs;

/// <summary>One run from its begin to its end, by a clock that stands still.</summary>
public sealed class AgentRunTests : IAsyncDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";
    private const string Busy = """{"steps":[{"say":"so far"},{"wait_ms":600000}]}""";
    private const string Deaf = """{"steps":[{"say":"so far"},{"wait_ms":3600000,"ignore_cancel":true}]}""";
    private const string DeafTool = """{"steps":[{"tool":"hang","ms":3600000,"ignore_cancel":true},{"say":"without it"}]}""";

    private readonly RunHost _host = new();

    [Fact]
    public async Task A_run_says_what_it_says_ends_once_and_lets_its_thread_go()
    {
        var run = _host.Start(Hello);

        await run.Completion.Soon();

        _host.Sink.Calls.Should().Equal("take", "Text hello", "take", "end completed", "release");
        _host.Sink.Ends.Should().Equal((new RunOutcome.Completed(AnswerFinish.Complete), new TokenUsage { InputTokens = 1, OutputTokens = 1 }));
        (run.Ended.IsCompletedSuccessfully, run.IsWaiting, run.Id.Value).Should().Be((true, false, "run_1"));
        _host.Outcomes().Should().Be("completed");
        (_host.Context!.Current.UserId.Value, _host.Context.Current.ThreadId.Value, _host.Context.Current.RunId.Value).Should().Be(("usr_1", "thr_1", "run_1"));
        _host.Lines.All.Should().ContainSingle(line => line.Contains("Run started: script")).And.ContainSingle(line => line.Contains("Run ended: completed after 0 ms"));
    }

    [Theory]
    [InlineData(Busy)]
    [InlineData(Deaf)]
    public async Task The_first_cause_ends_a_run_within_the_stop_bound(string script)
    {
        var run = _host.Start(script);
        await _host.Clock.BegunAsync(TimeSpan.FromMilliseconds(script == Busy ? 600_000 : 3_600_000));
        run.End(new RunOutcome.Stopped(StopReason.User));
        run.End(RunOutcome.Failed.Interrupted);
        if (script == Deaf)
        {
            await _host.Clock.BegunAsync(TimeSpan.FromSeconds(3));
            _host.Clock.Advance(TimeSpan.FromSeconds(2.9));
            run.Ended.IsCompleted.Should().BeFalse("it may still listen");
            _host.Clock.Advance(TimeSpan.FromSeconds(0.1));
        }

        await run.Ended.Soon();

        _host.Sink.Ends.Should().Equal((new RunOutcome.Stopped(StopReason.User), null));
        if (script == Deaf)
        {
            run.Completion.IsCompleted.Should().BeFalse("what does not listen is still the run's");
            _host.Clock.Advance(TimeSpan.FromHours(1));
        }

        await run.Completion.Soon();
        _host.Sink.Calls.Should().Equal("take", "Text so far", "end stopped", "release");
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_it_may_has_failed_and_may_be_tried_again()
    {
        var run = _host.Start(Busy);
        await _host.Clock.BegunAsync(TimeSpan.FromMilliseconds(600_000));
        _host.Clock.Advance(TimeSpan.FromSeconds(39.9));
        run.Ended.IsCompleted.Should().BeFalse();
        _host.Clock.Advance(TimeSpan.FromSeconds(0.1));

        await run.Completion.Soon();

        _host.Sink.Ends.Should().Equal((new RunOutcome.Failed(RunFailure.Timeout, "The agent took too long and was ended.", Retryable: true), null));
        _host.Outcomes().Should().Be("failed");
        _host.Lines.All.Should().ContainSingle(line => line.Contains("Run ended: failed after 40000 ms"));
    }

    [Fact]
    public async Task A_tool_that_ignores_its_end_keeps_the_runs_scope_until_it_is_over()
    {
        _host.RunOptions.ToolTimeout = TimeSpan.FromSeconds(7);
        var run = _host.Start(DeafTool);
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(7));
        _host.Clock.Advance(TimeSpan.FromSeconds(7));
        await run.Ended.Soon();
        (run.Completion.IsCompleted, _host.Sink.Ends[0].End).Should().Be((false, new RunOutcome.Completed(AnswerFinish.Complete)));

        _host.Clock.Advance(TimeSpan.FromHours(1));

        await run.Completion.Soon();
        _host.Sink.Calls[^1].Should().Be("release");
    }

    [Fact]
    public async Task An_end_that_cannot_be_recorded_lets_the_thread_go_at_once()
    {
        _host.Sink.Before = call =>
        {
            if (call.StartsWith("end ", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("a bug");
            }
        };

        await _host.Start(Hello).Completion.Soon();

        _host.Sink.Calls.Should().Equal("take", "Text hello", "take", "end completed", "release", "release");
        _host.Outcomes().Should().Be("lost");
        _host.Lines.All.Should().ContainSingle(line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_thread_that_cannot_be_let_go_is_complained_of_and_the_run_is_over()
    {
        _host.Sink.Before = call => _ = call == "release" ? throw new InvalidOperationException("a bug") : 0;
        var run = _host.Start(Hello);

        await run.Completion.Soon();

        run.Ended.IsCompletedSuccessfully.Should().BeTrue();
        _host.Lines.All.Should().ContainSingle(line => line.StartsWith("Error", StringComparison.Ordinal));
        await _host.Runs.DrainAsync(CancellationToken.None).Soon();
    }

    [Fact]
    public async Task A_run_whose_thread_has_another_writer_says_nothing_of_its_own_end()
    {
        _host.Sink.Before = call => _ = call.StartsWith("Text", StringComparison.Ordinal) ? throw new RunLostException() : 0;

        await _host.Start(Hello).Completion.Soon();

        _host.Sink.Ends.Should().Equal((RunOutcome.Failed.Interrupted, null));
        _host.Outcomes().Should().Be("interrupted");
    }

    [Fact]
    public async Task Whatever_else_goes_wrong_is_a_failure_that_says_how_to_report_it()
    {
        await _host.Start("""{"steps":[{"crash":"secret"}]}""").Completion.Soon();

        _host.Sink.Ends.Should().Equal((new RunOutcome.Failed(
            RunFailure.Internal, "Something went wrong in the agent. The server's log says what. Please report run_1.", Retryable: false), null));
        _host.Lines.All.Should().ContainSingle(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Run failed: Internal"));
    }

    [Fact]
    public async Task A_model_that_cannot_be_reached_is_not_a_bug_to_report()
    {
        _host.Sink.Before = call => _ = call.StartsWith("Text", StringComparison.Ordinal) ? throw new TimeoutException() : 0;

        await _host.Start(Hello).Completion.Soon();

        _host.Sink.Ends.Should().Equal((new RunOutcome.Failed(
            RunFailure.ModelUnavailable, "The model could not be reached, or its answer was cut off. Try again.", Retryable: true), null));
    }

    [Fact]
    public async Task An_agent_that_is_gone_and_a_thread_that_cannot_be_read_end_the_run_for_good()
    {
        await _host.Start(Hello, agent: "gone").Completion.Soon();
        await _host.Start(Hello, answers: "nowhere").Completion.Soon();

        _host.Sink.Ends.Select(ended => ended.End).Should().Equal(
            new RunOutcome.Failed(RunFailure.UnknownAgent, "The agent gone is not configured any more.", Retryable: false),
            new RunOutcome.Failed(RunFailure.Internal, "What was said in this thread cannot be read; the operator of the server has been told.", Retryable: false));
        _host.ThreadsQuarantined.Should().Be(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
