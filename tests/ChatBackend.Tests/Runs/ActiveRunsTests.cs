using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Runs;

/// <summary>What becomes of open runs when the server stops.</summary>
public sealed class ActiveRunsTests : IAsyncDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";
    private const string Busy = """{"steps":[{"say":"so far"},{"wait_ms":600000}]}""";

    private readonly RunHost _host = new();

    [Fact]
    public async Task A_drain_waits_for_the_runs_that_are_open_and_no_longer_than_its_bound()
    {
        _host.Runs.IsDraining.Should().BeFalse();
        await _host.Runs.DrainAsync(CancellationToken.None).Soon();
        _host.Runs.IsDraining.Should().BeTrue();
        var run = _host.Start(Busy);
        await _host.Clock.BegunAsync(TimeSpan.FromMilliseconds(600_000));
        var draining = _host.Runs.DrainAsync(CancellationToken.None);
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(5), times: 1);
        _host.Clock.Advance(TimeSpan.FromSeconds(4.9));
        run.Ended.IsCompleted.Should().BeFalse();

        _host.Clock.Advance(TimeSpan.FromSeconds(0.1));

        await draining.Soon();
        _host.Sink.Ends.Should().Equal((RunOutcome.Failed.Interrupted, null));
        _host.Lines.All.Should().NotContain(line => line.Contains("did not end in time"));
    }

    [Fact]
    public async Task A_run_that_ends_by_itself_is_not_interrupted_by_a_drain()
    {
        _host.Start("""{"steps":[{"wait_ms":4000},{"say":"whole"}]}""");
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(4));
        var draining = _host.Runs.DrainAsync(CancellationToken.None);
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(5));

        _host.Clock.Advance(TimeSpan.FromSeconds(4));

        await draining.Soon();
        _host.Sink.Ends.Should().ContainSingle().Which.End.Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));
    }

    [Fact]
    public async Task A_run_that_cannot_record_its_end_in_time_is_left_open_and_counted()
    {
        var held = new TaskCompletionSource();
        _host.Sink.Ending = held.Task;
        var run = _host.Start(Hello);
        var draining = _host.Runs.DrainAsync(CancellationToken.None);
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(5));
        _host.Clock.Advance(TimeSpan.FromSeconds(5));
        await _host.Clock.BegunAsync(TimeSpan.FromSeconds(4.5));
        draining.IsCompleted.Should().BeFalse("one and a half times the stop bound");
        _host.Clock.Advance(TimeSpan.FromSeconds(4.5));

        await draining.Soon();

        _host.Lines.All.Should().ContainSingle(line => line.Contains("1 runs did not end in time"));
        held.SetResult();
        await run.Completion.Soon();
    }

    [Fact]
    public async Task A_run_that_waits_for_people_is_ended_by_a_drain_at_once()
    {
        _host.Sink.Deciding = new TaskCompletionSource();
        var run = _host.Start("""{"steps":[{"tool":"mail","approval":true},{"say":"sent"}]}""");
        await Deadline.UntilAsync(() => run.IsWaiting);

        await _host.Runs.DrainAsync(CancellationToken.None).Soon();

        _host.Sink.Ends.Should().ContainSingle().Which.End.Should().Be(RunOutcome.Failed.Interrupted);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
