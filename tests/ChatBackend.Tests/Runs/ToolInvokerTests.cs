using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>Whatever a tool does, its call has a begin and an end, and the model is told.</summary>
[Trait("failure", "D18")]
public sealed class ToolInvokerTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Sink _sink = new();
    private readonly RunDeadline _budget;
    private readonly CancellationTokenSource _run = new();
    private readonly Stragglers _stragglers = new();

    public ToolInvokerTests() => _budget = new RunDeadline(TimeSpan.FromHours(1), _clock, () => { });

    [Fact]
    public async Task A_tool_that_gives_up_by_itself_fails_and_the_run_goes_on()
    {
        var ended = await CallAsync(AIFunctionFactory.Create(string () => throw new TaskCanceledException("The request timed out."), "mail"));

        (ended.Outcome, ended.Error, ended.Result).Should().Be((ToolOutcome.Failed, "The tool failed.", null));
        Told().Should().Contain("The tool failed.");
    }

    [Fact]
    public async Task A_tool_that_is_cancelled_with_its_run_ends_with_it()
    {
        var tool = AIFunctionFactory.Create(async (CancellationToken token) => await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token), "mail");
        var calling = CallAsync(tool);

        await _run.CancelAsync();

        await calling.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        _sink.Ended.Should().BeEmpty("the end of the run closes it");
    }

    [Fact]
    public async Task What_a_tool_says_of_its_failure_is_shown_and_what_it_threw_by_mistake_is_not()
    {
        (await CallAsync(AIFunctionFactory.Create(string () => throw new ChatToolException("There is no such address."), "mail"))).Error.Should().Be("There is no such address.");
        (await CallAsync(AIFunctionFactory.Create(string () => throw new InvalidOperationException("secret"), "mail"))).Error.Should().Be("The tool failed.");
    }

    [Fact]
    public async Task A_tool_that_takes_too_long_is_cancelled_and_given_up()
    {
        var cancelled = new TaskCompletionSource();
        var tool = AIFunctionFactory.Create(async (CancellationToken token) => { await using var _ = token.Register(cancelled.SetResult); await Task.Delay(Timeout.InfiniteTimeSpan, _clock, CancellationToken.None); }, "mail");
        var calling = CallAsync(tool);

        _clock.Advance(TimeSpan.FromMinutes(2));

        (await calling).Error.Should().Contain("120 s");
        cancelled.Task.IsCompleted.Should().BeTrue();
        _stragglers.Count.Should().Be(1, "the run still owns it");
    }

    [Theory]
    [InlineData(997, null)]
    [InlineData(998, null)]
    [InlineData(999, 1001L)]
    public async Task An_event_has_as_many_bytes_of_a_result_as_are_allowed(int length, long? stored)
    {
        var ended = await CallAsync(AIFunctionFactory.Create(() => new string('x', length), "mail"));

        (ended.Outcome, ended.ResultBytes, _sink.Stored?.Bytes).Should().Be((ToolOutcome.Succeeded, stored, (int?)stored));
        _stragglers.Count.Should().Be(0);
        Told().Length.Should().BeLessThan(1100);
    }

    [Fact]
    public async Task A_tool_that_is_not_there_is_a_call_that_failed()
    {
        var ended = await CallAsync(AIFunctionFactory.Create(() => "ok", "other"));

        (ended.Outcome, ended.Tool).Should().Be((ToolOutcome.Failed, "mail"));
        _sink.Started.Should().Equal(ended.CallId);
    }

    public void Dispose()
    {
        _budget.Dispose();
        _run.Dispose();
    }

    private string Told() => JsonSerializer.Serialize(((FunctionResultContent)_sink.Told.Single()).Result);

    private async Task<ToolCompleted> CallAsync(AIFunction tool)
    {
        _sink.Ended.Clear();
        var agent = new Agent { Name = "agent", Model = null!, Tools = [tool] };
        var calls = TestRuns.Invoker(agent, _sink, _budget, new RunOptions { MaxToolBytes = 1000 }, _clock, _stragglers);
        var call = new FunctionCallContent("step_1", "mail", new Dictionary<string, object?>());
        _sink.Told = await calls.CallAsync([call], new Turn([], []), _run.Token);
        return _sink.Ended.Single();
    }

    private sealed class Sink : IRunSink
    {
        public List<CallId> Started { get; } = [];

        public List<ToolCompleted> Ended { get; } = [];

        public WholeResult? Stored { get; private set; }

        public IList<AIContent> Told { get; set; } = [];

        public Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken)
        {
            Started.Add(call);
            return Task.CompletedTask;
        }

        public Task ToolEndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken)
        {
            Ended.Add(completed);
            Stored = result;
            return Task.CompletedTask;
        }

        public ValueTask WriteTextAsync(PartKind kind, string text, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public void Keep(StepRecord? record) => throw new NotSupportedException();

        public Task CompletePartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<string>> TakeSteeredAsync(CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> calls, TimeSpan given, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
            IReadOnlyCollection<CallId> calls, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public INestedRunSink Nest(RunId nested) => throw new InvalidOperationException();

        public void ReportProgress(CallId call, string text, double? fraction) => throw new InvalidOperationException();

        public Task<RunOutcome?> EndAsync(RunOutcome end, TokenUsage? usage) => throw new InvalidOperationException();

        public Task ReleaseAsync() => throw new InvalidOperationException();
    }
}
