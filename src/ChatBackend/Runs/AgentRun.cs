using System.Security.Claims;
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

    /// <summary>No event after this one has a <see cref="StepRecord"/>.</summary>
    public long LastRecord { get; init; }

    /// <summary>The span of the command that it answers; null where that was not traced, or was sent to another process.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The user as the sender's connection knew them; null when the message was sent to another process.</summary>
    public ClaimsPrincipal? Sender { get; init; }
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
    private readonly Stragglers _stragglers = new();
    private readonly RunUsage _usage = new();
    private RunDeadline? _budget;
    private NestedRuns? _nested;

    public RunId Id => start.Run;

    /// <summary>It only waits for a decision of a user.</summary>
    public bool IsWaiting => _budget is { IsPaused: true };

    /// <summary>Ends once the run's terminal event is durable.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends once all that the run had begun is over; later than <see cref="Ended"/> where a tool ignores its cancellation.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <param name="over">Called last, in every case.</param>
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
        using var span = ChatTraces.StartRun(start.Agent, start.Thread, start.Run, start.TraceParent);
        // Before it counts as started: a host that is being disposed gives no scope.
        await using var scope = scopes.CreateAsyncScope();
        var began = clock.GetTimestamp();
        metrics.RunStarted();
        RunStarted(start.Agent);
        var agent = agents.Find(start.Agent);
        var context = ContextIn(scope.ServiceProvider);
        var hooks = new RunHooks(scope.ServiceProvider.GetServices<ChatRunHook>(), logger);

        using var budget = _budget = new RunDeadline(
            agent?.Limits.Timeout ?? options.Timeout, clock, () => End(new RunOutcome.Failed(RunFailure.Timeout, "The agent took too long and was ended.", Retryable: true)));
        var work = WorkAsync(agent, context, hooks, budget, _cancel.Token);
        await Task.WhenAny(work, _cause.Task);
        var cause = _cause.Task.IsCompleted ? await _cause.Task : await work;
        await _cancel.CancelAsync();
        if (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(options.StopBound, clock, CancellationToken.None));
        }

        RunOutcome? ended = null;
        try
        {
            ended = await sink.EndAsync(cause, _usage.Total);
        }
        catch (Exception ex)
        {
            RunBroke(ex, start.Run.Value);
            await ReleaseAsync();
        }

        var outcome = ended?.Outcome ?? "lost";
        metrics.RunEnded(outcome);
        RunEnded(outcome, clock.GetElapsedTime(began).TotalMilliseconds);
        span?.EndRun(outcome, ended, _usage.Total); // not by what goes on behind it
        _ended.TrySetResult();

        await TellEndAsync(hooks, context, ended, clock.GetElapsedTime(began));

        // What ignores its cancellation is not listened to any more, but still ours, and so is the scope it uses.
        await work;
        await _stragglers.EndAsync();
        _cancel.Dispose();
    }

    private ChatRunContext ContextIn(IServiceProvider services)
    {
        var context = new ChatRunContext(_cancel.Token)
        {
            UserId = start.User,
            User = start.Sender ?? ChatRunContext.UserOf(start.User),
            ThreadId = start.Thread,
            RunId = start.Run,
            Agent = start.Agent,
            Services = services,
            CallAgent = (name, task, cancellationToken) => _nested!.RunAsync(name, task, cancellationToken),
        };
        services.GetRequiredService<RunContext>().Current = context;
        return context;
    }

    /// <summary>Never throws. A run that waits for a decision has not ended; of one that another writer ended, this process does not know how.</summary>
    private async Task TellEndAsync(RunHooks hooks, ChatRunContext context, RunOutcome? ended, TimeSpan duration)
    {
        ChatRunOutcome? outcome = ended switch
        {
            RunOutcome.Completed => ChatRunOutcome.Completed,
            RunOutcome.Stopped => ChatRunOutcome.Stopped,
            RunOutcome.Failed => ChatRunOutcome.Failed,
            _ => null,
        };
        if (outcome is { } known)
        {
            using var time = new CancellationTokenSource(options.ToolTimeout, clock);
            await hooks.EndedAsync(new ChatRunEnd(context.With(time.Token), known, _usage.Total, duration));
        }
    }

    /// <summary>Never throws: what the agent throws is how the run ended.</summary>
    private async Task<RunOutcome> WorkAsync(Agent? agent, ChatRunContext context, RunHooks hooks, RunDeadline budget, CancellationToken cancellationToken)
    {
        var services = context.Services;
        try
        {
            if (agent is null)
            {
                return new RunOutcome.Failed(RunFailure.UnknownAgent, $"The agent {start.Agent} is not configured any more.", Retryable: false);
            }

            var (conversation, from) = await services.GetRequiredService<ChatHistoryBuilder>().OfAsync(start, agent, cancellationToken);
            if (await new RunPreparation(agent, context, hooks).PrepareAsync(conversation, start.Resumes.Count > 0) is { } refusal)
            {
                return new RunOutcome.Failed(RunFailure.Refused, refusal, Retryable: false);
            }

            var sources = services.GetRequiredService<ToolSources>();
            agent = await sources.EquipAsync(agent, context, conversation);
            var approval = services.GetRequiredService<ToolApproval>();
            _nested = new NestedRuns(agents, sources, sink, context, hooks, approval, budget, _stragglers, options, clock, logger);
            var tools = new ToolInvoker(
                agent, approval, sink, context, hooks, budget, _stragglers, options, clock, logger);
            var model = new AnsweringModel(agent, sink, new Summarizer(_usage, options, clock, logger), from);
            return await new AgentLoop(agent, model, sink, tools, _usage, options).RunAsync(conversation, start.Resumes, cancellationToken);
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
                failure.Code, failure.Code == RunFailure.Internal ? $"{failure.Message} Please report {start.Run}." : failure.Message, failure.Retryable, failure.RetryAfter);
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
