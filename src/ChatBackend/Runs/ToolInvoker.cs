using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Makes the calls that a step asks for. Each call that begins is recorded as ended; one that needs approval begins only with it.</summary>
internal sealed class ToolInvoker(
    Agent agent, ToolApproval approval, IRunSink sink, ChatRunContext run, RunHooks hooks, RunDeadline budget, Stragglers stragglers,
    RunOptions options, TimeProvider clock, ILogger logger)
{
    private readonly ToolExecutor _executor = new(sink, run, hooks, stragglers, options, clock, logger);
    private readonly RepeatedCalls _repeated = new();

    /// <summary>How the run ends because of its last calls; null when it goes on.</summary>
    public RunOutcome.Failed? End { get; private set; }

    /// <summary>
    /// The calls of one step: those that need no approval first, then the others, asked for together and made as each is decided. So a process
    /// that dies while they wait loses none.
    /// </summary>
    /// <returns>What the model is told, in the order of the calls.</returns>
    public async Task<IList<AIContent>> CallAsync(IReadOnlyList<FunctionCallContent> calls, Turn turn, CancellationToken cancellationToken)
    {
        var planned = new List<PlannedCall>();
        foreach (var call in calls)
        {
            planned.Add(await PlanAsync(call, turn));
        }

        var asked = planned.Where(call => call.NeedsApproval).Select(call => new AskedCall(Required(call), call, clock.GetTimestamp())).ToList();
        await ExecuteAsync(planned.Where(call => !call.NeedsApproval), cancellationToken);
        if (asked.Count > 0)
        {
            await sink.RequestApprovalAsync([.. asked.Select(call => call.Required)], options.ApprovalTimeout, cancellationToken);
            await DecideAsync(asked, cancellationToken);
        }

        return Results(planned);
    }

    /// <summary>Goes on with calls that were asked for in an earlier process.</summary>
    /// <returns>What the model is told.</returns>
    public async Task<IList<AIContent>> ResumeAsync(
        IReadOnlyList<ApprovalRequired> pending, IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var turn = Turn.Of(conversation);
        var known = conversation.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToLookup(CallIds.OwnOf);
        var planned = pending.Select(required =>
        {
            var call = known[required.CallId].Last();
            var tool = agent.FindTool(call, turn);
            var mistake = tool is null ? ToolCallCheck.Look(call, tool, agent, options.MaxToolBytes).Mistake : null; // configuration may have changed since
            return new PlannedCall(required.CallId, call, tool, required.Arguments, mistake, null, NeedsApproval: true);
        }).ToList();
        await DecideAsync([.. pending.Zip(planned, (required, call) => new AskedCall(required, call, clock.GetTimestamp()))], cancellationToken);
        return Results(planned);
    }

    private IList<AIContent> Results(List<PlannedCall> planned)
    {
        End = _repeated.Add([.. planned.Select(call => (call.Arguments, call.Completed!))]);
        return [.. planned.Select(call => new FunctionResultContent(call.Call.CallId, ChatStep.ToldOf(call.Completed!)))];
    }

    private async Task<PlannedCall> PlanAsync(FunctionCallContent call, Turn turn)
    {
        var id = CallIds.OwnOf(call) ?? CallId.New();
        var tool = agent.FindTool(call, turn);
        var (arguments, mistake) = ToolCallCheck.Look(call, tool, agent, options.MaxToolBytes);
        if (mistake is not null)
        {
            return new PlannedCall(id, call, tool, arguments, mistake, null, NeedsApproval: false);
        }

        var asked = new ChatToolCall(run, id, call.Name, arguments!.Value);
        var refusal = await hooks.CallingAsync(asked);
        return new PlannedCall(id, call, tool, arguments, null, refusal, refusal is null && approval.IsNeededFor(tool!, asked));
    }

    /// <summary>In their order; neighbours that may run at the same time do.</summary>
    private async Task ExecuteAsync(IEnumerable<PlannedCall> calls, CancellationToken cancellationToken)
    {
        var together = new List<Task>();
        foreach (var call in calls)
        {
            if (!call.RunsInParallel)
            {
                await Task.WhenAll(together);
                together.Clear();
            }

            together.Add(ExecuteAsync(call, cancellationToken));
            if (!call.RunsInParallel)
            {
                await Task.WhenAll(together);
                together.Clear();
            }
        }

        await Task.WhenAll(together);
    }

    private async Task ExecuteAsync(PlannedCall call, CancellationToken cancellationToken) =>
        call.Completed = await _executor.ExecuteAsync(call.Id, call.Call.Name, call.Tool, call.Arguments, call.Mistake, call.Refusal, cancellationToken);

    private static ApprovalRequired Required(PlannedCall call) => new()
    {
        RunId = default,
        CallId = call.Id,
        Tool = call.Call.Name,
        Arguments = call.Arguments!.Value,
        ArgumentsDigest = ArgumentsDigest.Of(call.Call.Name, call.Arguments.Value),
        ExpiresAt = default,
    };

    /// <summary>Makes each call once it is decided, in whichever order that is; those that may run at the same time do.</summary>
    private async Task DecideAsync(List<AskedCall> asked, CancellationToken cancellationToken)
    {
        var underWay = Task.CompletedTask;
        try
        {
            while (asked.Count > 0)
            {
                var (call, decided) = await NextAsync(asked, underWay, cancellationToken);
                asked.Remove(call);
                if (!call.Call.RunsInParallel)
                {
                    await underWay;
                }

                underWay = Task.WhenAll(underWay, CarryOutAsync(call, decided, cancellationToken));
                if (!call.Call.RunsInParallel)
                {
                    await underWay;
                }
            }

            await underWay;
        }
        finally
        {
            stragglers.Add(underWay); // over already, unless the run has ended meanwhile
        }
    }

    /// <summary>The run's time stands still only while nothing but people is waited for.</summary>
    private async Task<(AskedCall Call, ApprovalDecided? Decided)> NextAsync(List<AskedCall> asked, Task underWay, CancellationToken cancellationToken)
    {
        AskedCall Find(CallId id) => asked.Single(call => call.Required.CallId == id);
        using var pause = underWay.IsCompleted ? budget.Pause() : null;
        var next = sink.NextDecisionAsync([.. asked.Select(call => call.Required.CallId)], id => TooLate(Find(id)), cancellationToken);
        try
        {
            if (pause is null && await Task.WhenAny(next, underWay) == underWay)
            {
                await underWay;
                using (budget.Pause())
                {
                    await next;
                }
            }

            var (call, decided) = await next;
            return (Find(call), decided);
        }
        finally
        {
            stragglers.Add(next); // over already, unless a call that is under way has lost the run
        }
    }

    private async Task CarryOutAsync(AskedCall asked, ApprovalDecided? decided, CancellationToken cancellationToken)
    {
        switch (decided?.Decision)
        {
            case ApprovalDecision.Approve:
                await ExecuteAsync(asked.Call, cancellationToken);
                break;
            case ApprovalDecision.Reject:
                var rejected = Rejected(asked, decided.Note is { } note ? $"The user rejected the call: {note}" : "The user rejected the call.");
                await sink.ToolEndedAsync(rejected, null, cancellationToken);
                await TellRejectedAsync(asked, rejected);
                break;
            default:
                await TellRejectedAsync(asked, TooLate(asked));
                break;
        }
    }

    private async Task TellRejectedAsync(AskedCall asked, ToolCompleted rejected)
    {
        asked.Call.Completed = rejected;
        await hooks.CalledAsync(new ChatToolResult(new ChatToolCall(run, asked.Required.CallId, asked.Required.Tool, asked.Required.Arguments), rejected));
    }

    private ToolCompleted TooLate(AskedCall asked) => Rejected(asked, "The call was not approved in time.");

    private ToolCompleted Rejected(AskedCall asked, string why) =>
        _executor.Completed(asked.Required.CallId, asked.Required.Tool, asked.AskedAt, new ToolResult(ToolOutcome.Rejected, null, why));

    private sealed record PlannedCall(
        CallId Id, FunctionCallContent Call, AIFunction? Tool, JsonElement? Arguments, string? Mistake, string? Refusal, bool NeedsApproval)
    {
        public bool RunsInParallel => Tool?.GetService<ChatTool>() is { RunsInParallel: true };

        /// <summary>Null until it has ended.</summary>
        public ToolCompleted? Completed { get; set; }
    }

    private sealed record AskedCall(ApprovalRequired Required, PlannedCall Call, long AskedAt);
}
