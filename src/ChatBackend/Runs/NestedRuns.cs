using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>The runs that a run's agent calls as tools. Each has its own budget and one terminal event of its own; a stop of the run around it ends it, too.</summary>
internal sealed partial class NestedRuns(
    AgentCatalog agents, ToolSources sources, IRunSink sink, ChatRunContext around, RunHooks hooks, ToolApproval approval, RunDeadline budget, Stragglers stragglers,
    RunOptions options, TimeProvider clock, ILogger logger)
{
    /// <returns>What the agent said last.</returns>
    /// <exception cref="ChatToolException">It has no answer; why is for the model that called it.</exception>
    public async Task<string> RunAsync(string name, string task, CancellationToken cancellationToken)
    {
        var called = agents.Find(name) ?? throw new ChatToolException($"There is no agent {name}.");
        var agent = called with { Tools = [.. called.Tools.Where(tool => tool.GetService<AgentTool>() is null)] };
        var run = RunId.New();
        using var span = ChatTraces.StartNestedRun(name, around.ThreadId, run);
        var nested = sink.Nest(run);
        await nested.StartAsync(name, cancellationToken);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var time = new RunDeadline(agent.Limits.Timeout ?? options.Timeout, clock, end.Cancel, budget);
        var usage = new RunUsage();
        var work = WorkAsync(agent, task, nested, around.Nest(run, name, end.Token), time, usage, end.Token);
        RunOutcome outcome;
        try
        {
            outcome = await work.WaitAsync(end.Token); // also where the model ignores its cancellation
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            outcome = new RunOutcome.Failed(RunFailure.Timeout, "The agent took too long and was ended.", Retryable: true);
        }
        catch (Exception ex) when (ex is not (OperationCanceledException or RunLostException))
        {
            var failure = ModelFailure.Classify(ex);
            Failed(ex, name, failure.Code);
            outcome = new RunOutcome.Failed(failure.Code, failure.Message, failure.Retryable, failure.RetryAfter);
        }
        finally
        {
            if (!work.IsCompleted)
            {
                stragglers.Add(work);
            }
        }

        await nested.EndAsync(outcome, usage.Total);
        span?.EndRun(outcome.Outcome, outcome, usage.Total);
        return outcome switch
        {
            RunOutcome.Completed => nested.Said,
            RunOutcome.Failed failed => throw new ChatToolException(failed.Message),
            _ => throw new ChatToolException($"The agent {name} used up what it may use."),
        };
    }

    private async Task<RunOutcome> WorkAsync(
        Agent agent, string task, INestedRunSink nested, ChatRunContext context, RunDeadline time, RunUsage usage, CancellationToken cancellationToken)
    {
        var made = agent.InstructionsFor is { } make ? await make(context).AsTask().WaitAsync(cancellationToken) : null;
        List<ChatMessage> conversation =
        [
            .. new[] { agent.Instructions, made }.Where(text => !string.IsNullOrWhiteSpace(text)).Select(text => new ChatMessage(ChatRole.System, text)),
            new ChatMessage(ChatRole.User, task),
        ];
        agent = await sources.EquipAsync(agent, context, conversation);
        var tools = new ToolInvoker(agent, approval, nested, context, hooks, time, stragglers, options, clock, logger);
        var model = new AnsweringModel(agent, nested, new Summarizer(usage, options, clock, logger));
        return await new AgentLoop(agent, model, nested, tools, usage, options).RunAsync(conversation, [], cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "The agent {Agent}, called as a tool, failed: {Code}")]
    private partial void Failed(Exception ex, string agent, RunFailure code);
}
