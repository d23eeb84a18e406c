using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads;

/// <summary>The events that end a run: the ends of what it left open, then exactly one terminal event.</summary>
internal static class TerminalEvents
{
    /// <param name="usage">What the model counted in this process; null when it counted nothing.</param>
    /// <param name="now">For how long things took; a clock that went back makes that nothing, never less.</param>
    public static List<ThreadEvent> For(ThreadState state, RunOutcome end, PartText? part, TokenUsage? usage, DateTimeOffset now)
    {
        var run = state.Run!;
        var events = new List<ThreadEvent>();
        foreach (var nested in run.Nested)
        {
            events.AddRange(CallsOf(nested.Id, run, now));
            events.Add(NestedEnd(nested.Id, run.Id, end, null, "", null, now - nested.StartedAt));
        }

        events.AddRange(CallsOf(run.Id, run, now));
        if (part is { Kind: PartKind.Thinking })
        {
            events.Add(new AgentPart { RunId = run.Id, PartId = part.Part, Kind = part.Kind, Text = part.Text });
            part = null;
        }

        events.Add(Terminal(run, end, part, usage, now));
        return events;
    }

    /// <summary>What a run, or one nested in it, has not got an end of.</summary>
    public static IEnumerable<ThreadEvent> CallsOf(RunId of, UnfinishedRun run, DateTimeOffset now)
    {
        RunId? parent = of == run.Id ? null : run.Id;
        return run.Tools.IsEmpty && run.Approvals.IsEmpty ? [] : run.OpenTools.Where(tool => tool.Run == of)
            .Select(tool => new ToolCompleted
            {
                RunId = of,
                ParentRunId = parent,
                CallId = tool.Id,
                Tool = tool.Tool,
                Outcome = ToolOutcome.Abandoned,
                Error = "The run ended before the tool did; whether it had its effect is not known.",
                DurationMs = Milliseconds(now - tool.At),
            })
            .Concat(run.Approvals.Where(approval => approval.Required.RunId == of).Select(approval => NotCalled(of, parent, approval, now)));
    }

    /// <summary>A run that is nested ends with the one around it, and as that does.</summary>
    public static AgentEvent NestedEnd(RunId nested, RunId parent, RunOutcome end, PartId? part, string said, TokenUsage? usage, TimeSpan time) => end switch
    {
        RunOutcome.Completed completed => new AgentCompleted
        {
            RunId = nested, ParentRunId = parent, MessageId = MessageId.New(), PartId = part, Content = said, Finish = completed.Finish, Usage = usage, DurationMs = Milliseconds(time),
        },
        RunOutcome.Stopped stopped => new AgentStopped
        {
            RunId = nested, ParentRunId = parent, MessageId = MessageId.New(), PartId = part, Content = said, Reason = stopped.Reason, Usage = usage,
        },
        RunOutcome.Failed failed => new AgentFailed
        {
            RunId = nested, ParentRunId = parent, Code = failed.Code, Message = failed.Message, Retryable = failed.Retryable, RetryAfterMs = Milliseconds(failed.RetryAfter), PartId = part, Content = said, Usage = usage,
        },
        _ => throw new InvalidOperationException($"{end.GetType()} is not an end of a run."),
    };

    private static ToolCompleted NotCalled(RunId run, RunId? parent, PendingApproval approval, DateTimeOffset now) => new()
    {
        RunId = run,
        ParentRunId = parent,
        CallId = approval.Required.CallId,
        Tool = approval.Required.Tool,
        Outcome = approval.Decided?.Decision == ApprovalDecision.Approve ? ToolOutcome.Abandoned : ToolOutcome.Rejected,
        Error = "The run ended before the tool was called.",
        DurationMs = Milliseconds(now - approval.Required.At),
    };

    private static RunEvent Terminal(UnfinishedRun run, RunOutcome end, PartText? said, TokenUsage? usage, DateTimeOffset now) => end switch
    {
        RunOutcome.Completed completed => new AgentCompleted
        {
            RunId = run.Id,
            MessageId = MessageId.New(),
            PartId = said?.Part,
            Content = said?.Text ?? "",
            Finish = completed.Finish,
            Usage = usage,
            DurationMs = Milliseconds(now - run.StartedAt),
        },
        RunOutcome.Stopped stopped => new AgentStopped
        {
            RunId = run.Id,
            MessageId = MessageId.New(),
            PartId = said?.Part,
            Content = said?.Text ?? "",
            Reason = stopped.Reason,
            Usage = usage,
            SideEffects = SideEffects(run),
        },
        RunOutcome.Failed failed => new AgentFailed
        {
            RunId = run.Id,
            Code = failed.Code,
            Message = failed.Message,
            Retryable = failed.Retryable,
            RetryAfterMs = Milliseconds(failed.RetryAfter),
            PartId = said?.Part,
            Content = said?.Text,
            Usage = usage,
            SideEffects = SideEffects(run),
        },
        _ => throw new InvalidOperationException($"{end.GetType()} is not an end of a run."),
    };

    private static int? Milliseconds(TimeSpan? time) => time is { } wait ? (int)wait.TotalMilliseconds : null;

    private static long Milliseconds(TimeSpan time) => time > TimeSpan.Zero ? (long)time.TotalMilliseconds : 0;

    private static IReadOnlyList<SideEffect>? SideEffects(UnfinishedRun run) => run.Tools.IsEmpty
        ? null
        : [.. run.Tools.Select(tool => new SideEffect { CallId = tool.Id, Tool = tool.Tool, Outcome = tool.Outcome ?? ToolOutcome.Abandoned })];
}
