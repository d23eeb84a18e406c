using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>How a run's end is recorded: once, with what belongs to it, whatever the store and the thread's people do meanwhile.</summary>
public sealed class RunSinkEndTests : IAsyncDisposable
{
    private static readonly TokenUsage Usage = new() { InputTokens = 1, OutputTokens = 2 };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));
    private RunBench _run = null!;

    [Fact]
    public async Task The_end_comes_with_a_title_and_the_next_run_in_one_commit()
    {
        _run = await RunBench.StartAsync(_clock, WriterBench.Message("msg_2", WhenRunning.Queue));
        (_run.Title, _run.Next) = (new ThreadRenamed { Title = "the title", By = RenamedBy.Agent, FromSeq = 1 }, WriterBench.Started("run_2", "msg_2"));
        await _run.WriteTextAsync("answer");
        _clock.Advance(TimeSpan.FromSeconds(3));

        (await EndAsync(new RunOutcome.Completed(AnswerFinish.Complete))).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));

        var events = (await _run.EventsAsync())[1..];
        var completed = events[0].Should().BeOfType<AgentCompleted>().Subject;
        (completed.RunId, completed.Content, completed.Usage, completed.DurationMs).Should().Be((RunBench.Run, "answer", Usage, 3000));
        events[1].Should().BeOfType<ThreadRenamed>().Which.Title.Should().Be("the title");
        events[2].Should().BeOfType<AgentStarted>().Which.RunId.Should().Be(new RunId("run_2"));
        _run.TitledBy.Should().Equal("answer");
        _run.Thread.Appends.Should().ContainSingle();
        (_run.Sink.Usage, _run.Ends).Should().Be((Usage, 1));
    }

    [Fact]
    public async Task A_stop_that_was_accepted_outranks_how_the_run_ended()
    {
        _run = await RunBench.StartAsync(_clock);
        _run.Sink.Stopping = StopReason.InterruptedByMessage;

        (await EndAsync(new RunOutcome.Completed(AnswerFinish.Complete))).Should().Be(new RunOutcome.Stopped(StopReason.InterruptedByMessage));

        (await _run.EventsAsync()).Should().ContainSingle().Which.Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.InterruptedByMessage);
    }

    public static TheoryData<string, bool, bool, string> Ends => new()
    {
        { "interrupted", true, false, "suspended" },
        { "interrupted", true, true, "stopped" },
        { "interrupted", false, false, "interrupted" },
        { "completed", true, false, "completed" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Only_a_run_that_waits_for_a_decision_is_left_to_the_next_process(string how, bool waits, bool isStopping, string outcome)
    {
        _run = await RunBench.StartAsync(_clock, waits ? [WriterBench.Required(RunBench.Id, "call_1", _clock.GetUtcNow().AddHours(1))] : []);
        _run.Sink.Stopping = isStopping ? StopReason.User : null;

        (await EndAsync(how == "interrupted" ? RunOutcome.Failed.Interrupted : new RunOutcome.Completed(AnswerFinish.Complete)))!.Outcome.Should().Be(outcome);

        (await _run.EventsAsync()).Any(threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed).Should().Be(outcome != "suspended");
        _run.Thread.Live.PublishText(RunBench.Run, PartKind.Text, "late").Should().BeFalse();
        _run.Ends.Should().Be(1);
        await _run.Sink.ReleaseAsync();
        _run.Ends.Should().Be(1, "it is over once");
    }

    [Fact]
    public async Task An_end_that_the_store_did_not_take_is_tried_again_ever_less_often()
    {
        var clock = new HeldTime();
        _run = await RunBench.StartAsync(clock);
        List<int> pauses = [];
        _run.Thread.Appending = () => pauses.Add(clock.Ended);
        _run.Thread.Fail(AppendFault.Before, 12);

        var ending = _run.Sink.EndAsync(new RunOutcome.Completed(AnswerFinish.Complete), null);
        for (var pause = 0; pause < 12; pause++)
        {
            await clock.EndNextAsync();
        }

        (await ending.Soon()).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));
        pauses.Should().Equal(Enumerable.Range(0, 13));
        clock.Waits.Select(wait => wait.TotalMilliseconds).Should().Equal([100, 200, 400, 800, 1600, .. Enumerable.Repeat(2000, 7)]);
        (await _run.EventsAsync()).Should().ContainSingle().Which.Should().BeOfType<AgentCompleted>();
        _run.Ends.Should().Be(1);
    }

    [Fact]
    public async Task An_end_that_took_effect_unseen_is_the_end_and_is_written_once()
    {
        var clock = new HeldTime();
        _run = await RunBench.StartAsync(clock);
        _run.Sink.Stopping = StopReason.User;
        _run.Thread.Fail(AppendFault.After);

        var ending = _run.Sink.EndAsync(new RunOutcome.Completed(AnswerFinish.Complete), null);
        await clock.EndNextAsync();

        (await ending.Soon()).Should().Be(new RunOutcome.Stopped(StopReason.User));
        (await _run.EventsAsync()).Should().ContainSingle().Which.Should().BeOfType<AgentStopped>();
        _run.Thread.Appends.Should().ContainSingle();
        _run.Ends.Should().Be(1);
    }

    [Fact]
    public async Task A_run_whose_thread_was_deleted_ended_as_it_says()
    {
        _run = await RunBench.StartAsync(_clock);
        using (await _run.Thread.Writer.EnterAsync())
        {
            (await _run.Thread.Writer.DeleteAsync(_run.Thread.Store, _run.Thread.Owner)).Should().BeTrue();
        }

        (await EndAsync(new RunOutcome.Completed(AnswerFinish.Complete))).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));

        _run.Thread.Appends.Should().BeEmpty();
        _run.Ends.Should().Be(1);
    }

    [Fact]
    public async Task A_run_that_is_let_go_without_an_end_is_over_and_is_listened_to_no_more()
    {
        _run = await RunBench.StartAsync(_clock);

        await _run.Sink.ReleaseAsync();
        await _run.Sink.ReleaseAsync();

        _run.Ends.Should().Be(1);
        _run.Thread.Live.PublishText(RunBench.Run, PartKind.Text, "late").Should().BeFalse();
        (await _run.EventsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task An_end_and_a_release_wait_for_the_threads_turn()
    {
        _run = await RunBench.StartAsync(_clock);
        Task ending, releasing;
        using (await _run.Thread.Writer.EnterAsync())
        {
            ending = EndAsync(new RunOutcome.Completed(AnswerFinish.Complete));
            releasing = _run.Sink.ReleaseAsync();
            (_run.Ends, _run.Thread.Appends.Count).Should().Be((0, 0));
        }

        await Task.WhenAll(ending, releasing).Soon();
        _run.Ends.Should().Be(1);
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    private Task<RunOutcome?> EndAsync(RunOutcome end) => _run.Sink.EndAsync(end, Usage).Soon();
}
