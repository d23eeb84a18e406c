using ChatBackend.Agents;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Threads.Branches;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads;

/// <summary>
/// What users ask of a thread, under the writer's lock: refused, known from an earlier time, or committed with its effect. What follows from the
/// effect is the grain's to do.
/// </summary>
internal sealed class ThreadCommands(
    ThreadId thread, ThreadWriter writer, IEventLog log, AgentCatalog agents, ActiveRuns runs, Func<ApprovalRequired, bool> isTooLate, ThreadOptions options)
{
    private const int LookAheadEvents = 64;
    private const int LookAheadBytes = 1024 * 1024;

    private readonly CommandAppends _appends = new(thread, writer, log);
    private readonly BranchReader _branches = new(thread, log);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    public async Task<CommandEffect> ChatAsync(ChatCommand command)
    {
        if (!command.Creates && !writer.IsOwnedBy(command.User))
        {
            return await _appends.EarlierAsync(command.User, command.Id, CommandDigest.Of(command)) ?? throw ProtocolException.NotFound();
        }

        var known = command.Creates ? null : writer.State;
        if (agents.Find(command.Agent) is not { } agent)
        {
            throw new ProtocolException(ErrorCode.UnknownAgent, "No agent has that name. connection_established lists the available ones.");
        }

        var rewinding = command.Replaces is { } replaced ? await RewindAsync(known, replaced) : new BranchChange([], null);
        var state = rewinding.Events.Aggregate(known, (before, threadEvent) => before!.Apply(threadEvent));
        var isBusy = state is { IsBusy: true };
        if (isBusy && Refusal(command, state!) is { } refusal)
        {
            return Interrupting(command, await _appends.EarlierAsync(command.User, command.Id, CommandDigest.Of(command)) ?? throw refusal);
        }

        var message = new UserMessage
        {
            MessageId = MessageId.New(),
            Content = command.Content,
            ClientId = command.Id,
            Agent = command.Agent,
            WhenRunning = isBusy ? command.WhenRunning : null,
            Replaces = command.Replaces,
        };
        var started = isBusy || runs.IsDraining ? null : new AgentStarted
        {
            RunId = RunId.New(), Agent = agent.Name, MessageId = message.MessageId, TraceId = new MessageOrigin(null, command.TraceParent).TraceId,
        };
        var ack = new Ack
        {
            Id = command.Id,
            Status = AckStatus.Accepted,
            ThreadId = thread,
            Seq = (state?.Head ?? 0) + 1,
            MessageId = message.MessageId,
            RunId = started?.RunId,
        };
        var effect = await _appends.AppendAsync(
            [.. rewinding.Events, message, .. started is null ? (ThreadEvent[])[] : [started]], command.User, CommandDigest.Of(command), ack,
            creator: command.Creates ? command.User : null, rewinding.Uncounted);
        return Interrupting(command, effect);
    }

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    public async Task<CommandEffect> StopAsync(StopCommand command)
    {
        var digest = CommandDigest.Of(command, thread);
        if (!writer.IsOwnedBy(command.User))
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw ProtocolException.NotFound();
        }

        var state = writer.State!;
        if (command.Message is { } message && state.Find(message) is not null)
        {
            var removed = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = thread, Seq = state.Head + 1, MessageId = message };
            return await _appends.AppendAsync([new MessageRemoved { MessageId = message }], command.User, digest, removed);
        }

        if (state.Run is not { } run || (command.Run ?? run.Id) != run.Id || (command.Message ?? run.Answers) != run.Answers)
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest)
                ?? throw new ProtocolException(ErrorCode.NoSuchRun, "The thread has no such run, or it has ended.");
        }

        var ack = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = thread, RunId = run.Id };
        var effect = await _appends.AppendAsync([], command.User, digest, ack);
        return effect with { Stops = effect.Ack.RunId == run.Id ? StopReason.User : null }; // also where its acceptance was never told
    }

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    public async Task<CommandEffect> DecideAsync(DecideCommand command)
    {
        var digest = CommandDigest.Of(command, thread);
        if (!writer.IsOwnedBy(command.User))
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw ProtocolException.NotFound();
        }

        var state = writer.State!;
        if (state.Run is not { } run || run.Find(command.Call) is not { Decided: null, Required: var required })
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw await WhyNotOpenAsync(command);
        }

        ThrowIfOther(required, command);
        if (isTooLate(required))
        {
            throw TooLate();
        }

        var decided = new ApprovalDecided
        {
            RunId = required.RunId, ParentRunId = required.ParentRunId, CallId = command.Call, Decision = command.Decision, DecidedBy = command.User, Note = command.Note,
        };
        var ack = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = thread, Seq = state.Head + 1, RunId = run.Id };
        return await _appends.AppendAsync([decided], command.User, digest, ack);
    }

    /// <summary>An interrupting message ends the run that was open when it was written, also where that was never told.</summary>
    private CommandEffect Interrupting(ChatCommand command, CommandEffect effect) =>
        command.WhenRunning == WhenRunning.Interrupt && writer.State is { Run: { } open } now && effect.Ack.MessageId is { } id && now.Find(id)?.Seq > open.Seq
            ? effect with { Stops = StopReason.InterruptedByMessage }
            : effect;

    /// <summary>Where it is not, a command may still be the retry of one that took effect before the thread was deleted.</summary>
    private ProtocolException? Refusal(ChatCommand command, ThreadState state) =>
        command.WhenRunning == WhenRunning.Reject
            ? new ProtocolException(ErrorCode.RunInProgress, "The agent is still answering.")
        : state.Waiting.Count >= options.MaxQueuedMessages
            ? new ProtocolException(ErrorCode.QuotaExceeded, $"{state.Waiting.Count} messages wait in this thread already.")
            : null;

    /// <summary>A message that is not on the active path is chosen first, where something else stands before it there.</summary>
    private async Task<BranchChange> RewindAsync(ThreadState? known, MessageId replaced)
    {
        if (known is null || await _appends.FindAsync<UserMessage>(replaced.Value) is not { } message)
        {
            throw new ProtocolException(ErrorCode.NotFound, "The message to replace was not found.");
        }

        var toSeq = message.Seq - 1;
        var branch = await _branches.IsActiveAsync(message) ? null : await _branches.ReadAsync(message, known, titleUpTo: toSeq);
        var change = branch is null || branch.ToSeq >= toSeq ? new BranchChange([], null) : branch.Change;
        return change with { Events = [.. change.Events, new ThreadRewound { ThreadId = thread, Seq = known.Head + change.Events.Count + 1, ToSeq = toSeq }] };
    }

    /// <summary>The call is not open to decide: because there is none, it was decided, no decision came in time, or its run has ended.</summary>
    private async Task<ProtocolException> WhyNotOpenAsync(DecideCommand command)
    {
        if (await _appends.FindAsync<ApprovalRequired>(command.Call.Value) is not { } required)
        {
            return NoSuchCall();
        }

        ThrowIfOther(required, command);
        for (var seq = required.Seq; ;)
        {
            var page = await log.ReadAsync(thread, seq, LookAheadEvents, LookAheadBytes, CancellationToken.None);
            foreach (var stored in page)
            {
                switch (stored.Decode(thread))
                {
                    case ApprovalDecided decided when decided.CallId == command.Call:
                        return new ProtocolException(ErrorCode.AlreadyDecided, "The call has already been decided.")
                        {
                            Decision = decided.Decision, DecidedBy = decided.DecidedBy,
                        };
                    case ToolCompleted completed when completed.CallId == command.Call:
                        return WasTooLate(required, completed) ? TooLate() : RunIsOver();
                    case AgentEvent { ParentRunId: null } and (AgentCompleted or AgentStopped or AgentFailed):
                        return RunIsOver();
                }

                seq = stored.Seq;
            }

            if (page.Count == 0)
            {
                return RunIsOver();
            }
        }
    }

    private static void ThrowIfOther(ApprovalRequired required, DecideCommand command)
    {
        if (required.ArgumentsDigest != command.ArgumentsDigest)
        {
            throw NoSuchCall();
        }
    }

    // By what had passed, or by the date where an earlier process asked.
    private static bool WasTooLate(ApprovalRequired required, ToolCompleted completed) =>
        completed.At >= required.ExpiresAt || TimeSpan.FromMilliseconds(completed.DurationMs) >= required.ExpiresAt - required.At;

    private static ProtocolException NoSuchCall() => new(ErrorCode.NotFound, "No call of that id and those arguments waits for a decision.");

    private static ProtocolException TooLate() => new(ErrorCode.Expired, "The time to decide is over.");

    private static ProtocolException RunIsOver() => new(ErrorCode.NoSuchRun, "The run that asked has ended.");
}

/// <param name="Ack">What the reply says; of a retry, with the ids of the first time.</param>
/// <param name="IsNew">It took effect now.</param>
internal sealed record CommandEffect(CommandReply Reply, Ack Ack, bool IsNew)
{
    /// <summary>Ends the open run.</summary>
    public StopReason? Stops { get; init; }
}
