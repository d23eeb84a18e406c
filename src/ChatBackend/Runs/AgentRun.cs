using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <param name="Answers">The message that the run answers.</param>
/// <param name="AnswersSeq">Its <c>seq</c>; that of the start, where the message lies further back than the writer knows.</param>
/// <param name="StartSeq">The <c>seq</c> of its <c>agent_started</c>: what the model is shown lies before.</param>
/// <param name="Resumes">Not empty when an earlier process began the run: the calls it waits to be decided on.</param>
internal sealed record RunRequest(
    UserId User, ThreadId Thread, RunId Run, MessageId Answers, long AnswersSeq, string Agent, long StartSeq, IReadOnlyList<ApprovalRequired> Resumes)
{
    /// <summary>The thread's last events that come after a place, in order, as far back as they are in memory.</summary>
    public Func<long, IReadOnlyList<StoredEvent>> Recent { get; init; } = _ => [];
}

/// <summary>
/// One answer of an agent. Has a scope and a cancellation of its own and outlives every socket. Whatever the model or a tool
/// does (throw, hang, ignore its cancellation), <see cref="IRunSink.EndAsync"/> is called once, and in bounded time after a stop.
/// </summary>
internal sealed partial class AgentRun(
    RunRequest start, IRunSink sink, IServiceScopeFactory scopes, AgentCatalog agents, RunOptions options,
    ChatMetrics metrics, TimeProvider clock, ILogger<AgentRun> logger)
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource<RunOutcome> _cause = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _stragglers = [];
    private readonly RunUsage _usage = new();
    private RunDeadline? _budget;

    public RunId Id => start.Run;

    /// <summary>It does nothing but wait for somebody's decision.</summary>
    public bool IsWaiting => _budget is { IsPaused: true };

    /// <summary>Ends once the run's terminal event is durable.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends once all that the run had begun is over; later than <see cref="Ended"/> where a tool ignores its cancellation.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <param name="over">Called last, whatever happened.</param>
    public void Begin(Action<AgentRun> over) => Completion = Task.Run(async () =>
    {
        try
        {
            await RunAsync();
        }
        catch (Exception ex)
        {
            RunBroke(ex, start.Run.Value);
        }
        finally
        {
            await ReleaseAsync();
            _ended.TrySetResult();
            over(this);
        }
    });

    /// <summary>Ends the run within the stop bound. The first cause wins.</summary>
    public void End(RunOutcome cause) => _cause.TrySetResult(cause);

    private async Task ReleaseAsync()
    {
        try
        {
            await sink.ReleaseAsync();
        }
        catch (Exception ex)
        {
            RunBroke(ex, start.Run.Value);
        }
    }

    private async Task RunAsync()
    {
        using var ids = logger.BeginScope(new Dictionary<string, object>
        {
            ["User"] = start.User.Value, ["Thread"] = start.Thread.Value, ["Run"] = start.Run.Value,
        });
        // Before it counts as started: a host that is being disposed gives no scope.
        await using var scope = scopes.CreateAsyncScope();
        var began = clock.GetTimestamp();
        metrics.RunStarted();
        RunStarted(start.Agent);

        using var budget = _budget = new RunDeadline(
            options.Timeout, clock, () => End(new RunOutcome.Failed(RunFailure.Timeout, "The agent took too long and was ended.", Retryable: true)));
        var work = WorkAsync(scope.ServiceProvider, budget, _cancel.Token);
        await Task.WhenAny(work, _cause.Task);
        var cause = _cause.Task.IsCompleted ? await _cause.Task : await work;
        await _cancel.CancelAsync();
        if (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(options.StopBound, clock, CancellationToken.None));
        }

        var outcome = "lost";
        try
        {
            outcome = (await sink.EndAsync(cause, _usage.Total))?.Outcome ?? outcome;
        }
        catch (Exception ex)
        {
            RunBroke(ex, start.Run.Value);
            await ReleaseAsync();
        }

        metrics.RunEnded(outcome);
        RunEnded(outcome, clock.GetElapsedTime(began).TotalMilliseconds);
        _ended.TrySetResult();

        // What ignores its cancellation is not listened to any more, but still ours, and so is the scope it uses.
        await work;
        await Task.WhenAll(_stragglers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _cancel.Dispose();
    }

    /// <summary>Never throws: what the agent throws is how the run ended.</summary>
    private async Task<RunOutcome> WorkAsync(IServiceProvider services, RunDeadline budget, CancellationToken cancellationToken)
    {
        try
        {
            services.GetRequiredService<RunContext>().Set(start.User, start.Thread, start.Run);
            if (agents.Find(start.Agent) is not { } agent)
            {
                return new RunOutcome.Failed(RunFailure.UnknownAgent, $"The agent {start.Agent} is not configured any more.", Retryable: false);
            }

            var conversation = await services.GetRequiredService<ChatHistoryBuilder>().OfAsync(start, agent, cancellationToken);
            var tools = new ToolInvoker(
                agent, services.GetRequiredService<ToolApproval>(), sink, services, budget, _stragglers, options, clock, logger);
            return await new AgentLoop(agent, sink, tools, _usage, options).RunAsync(conversation, start.Resumes, cancellationToken);
        }
        catch (Exception ex) when (ex is RunLostException || (ex is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return RunOutcome.Failed.Interrupted; // cancelled: the cause is known already and this is not looked at
        }
        catch (UnreadableThreadException ex)
        {
            services.GetRequiredService<Quarantine>().Add(ex);
            return new RunOutcome.Failed(RunFailure.Internal, "What was said in this thread cannot be read; the operator of the server has been told.", Retryable: false);
        }
        catch (Exception ex)
        {
            var failure = ModelFailure.Classify(ex);
            RunFailed(ex, failure.Code);
            return new RunOutcome.Failed(
                failure.Code, failure.Code == RunFailure.Internal ? $"{failure.Message} Please report {start.Run}." : failure.Message, failure.Retryable);
        }
    }

    [LoggerMessage(LogLevel.Error, "Unhandled exception in run {Run}")]
    private partial void RunBroke(Exception bug, string run);

    [LoggerMessage(LogLevel.Information, "Run started: {Agent}")]
    private partial void RunStarted(string agent);

    [LoggerMessage(LogLevel.Information, "Run ended: {Outcome} after {ElapsedMs:0} ms")]
    private partial void RunEnded(string outcome, double elapsedMs);

    [LoggerMessage(LogLevel.Warning, "Run failed: {Code}")]
    private partial void RunFailed(Exception thrown, RunFailure code);
}
