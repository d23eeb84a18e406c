using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Makes the calls that a step asks for. Each call that begins is recorded as ended; one that needs approval begins only with it.</summary>
internal sealed class ToolInvoker(
    Agent agent, ToolApproval approval, IRunSink sink, ChatRunContext run, RunHooks hooks, RunDeadline budget, Stragglers stragglers,
    RunOptions options, TimeProvider clock, ILogger logger)
{
    private readonly ToolExecutor _executor = new(sink, run, hooks, stragglers, options, clock, logger);

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

        return [.. planned.Select(call => new FunctionResultContent(call.Call.CallId, call.Result))];
    }

    /// <summary>Goes on with calls that were asked for in an earlier process.</summary>
    /// <returns>What the model is told.</returns>
    public async Task<IList<AIContent>> ResumeAsync(
        IReadOnlyList<ApprovalRequired> pending, IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var turn = Turn.Of(conversation);
        var known = conversation.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToLookup(call => call.CallId);
        var planned = pending.Select(required =>
        {
            var call = known[required.CallId.Value].Last();
            return new PlannedCall(required.CallId, call, agent.FindTool(call, turn), required.Arguments, null, NeedsApproval: true);
        }).ToList();
        await DecideAsync([.. pending.Zip(planned, (required, call) => new AskedCall(required, call, clock.GetTimestamp()))], cancellationToken);
        return [.. planned.Select(call => new FunctionResultContent(call.Call.CallId, call.Result))];
    }

    private async Task<PlannedCall> PlanAsync(FunctionCallContent call, Turn turn)
    {
        var id = CallId.New();
        var arguments = _executor.ArgumentsOf(call);
        var tool = agent.FindTool(call, turn);
        if (tool is null || arguments is not { } known)
        {
            return new PlannedCall(id, call, tool, arguments, null, NeedsApproval: false);
        }

        var asked = new ChatToolCall(run, id, call.Name, known);
        var refusal = await hooks.CallingAsync(asked);
        return new PlannedCall(id, call, tool, arguments, refusal, refusal is null && approval.IsNeededFor(tool, asked));
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
        call.Result = await _executor.ExecuteAsync(call.Id, call.Call.Name, call.Tool, call.Arguments, call.Refusal, cancellationToken);

    private static ApprovalRequired Required(PlannedCall call) => new()
    {
        RunId = default,
        CallId = call.Id,
        Tool = call.Call.Name,
        Arguments = call.Arguments!.Value,
        ArgumentsDigest = ArgumentsDigest.Of(call.Call.Name, call.Arguments.Value),
        ExpiresAt = default,
    };

    /// <summary>Makes each call once it is decided, in whichever order that is.</summary>
    private async Task DecideAsync(List<AskedCall> asked, CancellationToken cancellationToken)
    {
        while (asked.Count > 0)
        {
            AskedCall Find(CallId id) => asked.Single(call => call.Required.CallId == id);
            (CallId Call, ApprovalDecided? Decided) next;
            using (budget.Pause())
            {
                next = await sink.NextDecisionAsync([.. asked.Select(call => call.Required.CallId)], id => TooLate(Find(id)), cancellationToken);
            }

            var call = Find(next.Call);
            await CarryOutAsync(call, next.Decided, cancellationToken);
            asked.Remove(call);
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
                await sink.ToolEndedAsync(rejected, cancellationToken);
                await TellRejectedAsync(asked, rejected);
                break;
            default:
                await TellRejectedAsync(asked, TooLate(asked));
                break;
        }
    }

    private async Task TellRejectedAsync(AskedCall asked, ToolCompleted rejected)
    {
        asked.Call.Result = new { error = rejected.Error };
        await hooks.CalledAsync(new ChatToolResult(new ChatToolCall(run, asked.Required.CallId, asked.Required.Tool, asked.Required.Arguments), rejected));
    }

    private ToolCompleted TooLate(AskedCall asked) => Rejected(asked, "The call was not approved in time.");

    private ToolCompleted Rejected(AskedCall asked, string why) =>
        _executor.Completed(asked.Required.CallId, asked.Required.Tool, asked.AskedAt, ToolOutcome.Rejected, null, why);

    private sealed record PlannedCall(CallId Id, FunctionCallContent Call, AIFunction? Tool, JsonElement? Arguments, string? Refusal, bool NeedsApproval)
    {
        public bool RunsInParallel => Tool?.GetService<ChatTool>() is { RunsInParallel: true };

        /// <summary>What the model is told of it.</summary>
        public object? Result { get; set; }
    }

    private sealed record AskedCall(ApprovalRequired Required, PlannedCall Call, long AskedAt);
}
