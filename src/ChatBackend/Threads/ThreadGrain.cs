using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace ChatBackend.Threads;

/// <summary>
/// The thread's one writer. Reentrant towards Orleans, because the turns are the writer's own: a run, which is
/// no grain call, takes them too.
/// </summary>
[Reentrant]
internal sealed partial class ThreadGrain(
    IEventLog log, OpenRuns runs, AgentCatalog agents, IOptions<ThreadOptions> options, IOptions<RunOptions> runOptions,
    ChatMetrics metrics, TimeProvider clock, ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    // A grain that only works in the background is idle to Orleans.
    private static readonly TimeSpan WhileRunning = TimeSpan.FromDays(2);

    private TaskScheduler _scheduler = TaskScheduler.Default;
    private ThreadId _thread;
    private LiveThread _live = null!;
    private ThreadWriter _writer = null!;
    private (AgentRun Run, RunJournal Journal)? _active;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _scheduler = TaskScheduler.Current;
        _thread = new ThreadId(this.GetPrimaryKeyString());
        _live = new LiveThread(_thread, clock, logger);
        _writer = new ThreadWriter(_thread, log, _live, clock);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Whoever writes next ends the run; this one must not go on spending.
        _active?.Run.End(RunEnd.Failed.Interrupted);
        if (reason.ReasonCode != DeactivationReasonCode.ShuttingDown)
        {
            await _live.MoveAsync();
        }
    }

    public Task<CommandReply> Chat(ChatCommand command) => InTurnAsync(async () =>
    {
        var state = command.Creates ? null : OwnedBy(command.User);
        if (agents.Find(command.Agent) is not { } agent)
        {
            throw new ProtocolException(ErrorCode.UnknownAgent, $"There is no agent named {command.Agent}.");
        }

        var isBusy = state is { Run: not null } or { Waiting.Count: > 0 };
        if (isBusy && Refusal(command, state!) is { } refusal)
        {
            return await EarlierReplyAsync(command.User, command.Id, CommandDigest.Of(command)) ?? throw refusal;
        }

        var message = new UserMessage { MessageId = MessageId.New(), Content = command.Content, ClientId = command.Id, Agent = command.Agent };
        var started = isBusy || runs.IsDraining ? null : new AgentStarted { RunId = RunId.New(), Agent = agent.Name, MessageId = message.MessageId };
        var ack = new Ack
        {
            Id = command.Id,
            Status = AckStatus.Accepted,
            ThreadId = _thread,
            Seq = (state?.Head ?? 0) + 1,
            MessageId = message.MessageId,
            RunId = started?.RunId,
        };
        var record = new CommandRecord(command.User, command.Id, CommandDigest.Of(command), WireJson.Encode(ack));
        if (command.Node is { } node)
        {
            _live.Subscribe(command.User, 0, node);
        }

        var reply = await AppendAsync(
            started is null ? [message] : [message, started], record, new CommandReply(record.Ack.ToArray(), _thread, ack.Seq!.Value),
            command.Creates ? command.User : null);
        if (reply.IsNew)
        {
            if (started is not null)
            {
                Start();
            }

            if (isBusy && command.WhenRunning == WhenRunning.Interrupt)
            {
                Stop(StopReason.InterruptedByMessage);
            }
        }

        return reply.Reply;
    }, opens: !command.Creates);

    public Task<CommandReply> Stop(StopCommand command) => InTurnAsync(async () =>
    {
        var state = OwnedBy(command.User);
        var digest = CommandDigest.Of(command, _thread);
        if (state.Run is not { } run || (command.Run is { } named && named != run.Id))
        {
            return await EarlierReplyAsync(command.User, command.Id, digest)
                ?? throw new ProtocolException(ErrorCode.NoSuchRun, "The thread has no such run, or it has ended.");
        }

        var ack = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = _thread, RunId = run.Id };
        var record = new CommandRecord(command.User, command.Id, digest, WireJson.Encode(ack));
        var reply = await AppendAsync([], record, new CommandReply(record.Ack.ToArray(), _thread, 0), creator: null);
        if (reply.IsNew)
        {
            Stop(StopReason.User);
        }

        return reply.Reply;
    });

    public Task<ThreadSnapshot> Subscribe(UserId user, long afterSeq, INodeObserver node) => InTurnAsync(() =>
        Task.FromResult(_live.Subscribe(OwnedBy(user).Owner, afterSeq, node)));

    public Task Unsubscribe(INodeObserver node)
    {
        _live.Unsubscribe(node);
        RestIfUnused();
        return Task.CompletedTask;
    }

    public Task Adopt() => InTurnAsync(() => Task.FromResult(true));

    /// <summary>Runs a verb in the thread's turn, on an opened thread. What an earlier writer left open is adopted first.</summary>
    private async Task<T> InTurnAsync<T>(Func<Task<T>> verb, bool opens = true)
    {
        using var turn = await _writer.TurnAsync();
        try
        {
            if (opens)
            {
                await _writer.OpenAsync();
                await AdoptAsync();
            }

            return await verb();
        }
        catch (LogUnavailableException away)
        {
            StoreAway(away, _thread.Value);
            throw ProtocolException.Unavailable();
        }
        finally
        {
            RestIfUnused();
        }
    }

    /// <summary>Ends the run that no living writer has, and goes on with the message that waits longest.</summary>
    private async Task AdoptAsync()
    {
        if (_active is not null || _writer.State is not { OpenFrom: not null } state)
        {
            return;
        }

        var events = new List<ThreadEvent>();
        if (state.Run is { } orphan)
        {
            var pieces = await log.ReadCheckpointsAsync(_thread, CancellationToken.None);
            var said = pieces is [var first, ..]
                ? new PartText(first.Run, first.Part, first.Kind, 0, string.Concat(pieces.Select(piece => piece.Text)))
                : null;
            events = TerminalEvents.For(state, RunEnd.Failed.Interrupted, said, clock.GetUtcNow());
            Adopting(_thread.Value, orphan.Id.Value);
        }

        var next = NextOf(state);
        if (next is not null)
        {
            events.Add(next);
        }

        if (events.Count == 0)
        {
            return; // draining: what waits is for the next process
        }

        await AppendOrFenceAsync(events);
        if (state.Run is not null)
        {
            metrics.RunAdopted(RunEnd.Failed.Interrupted.Outcome);
        }

        Start();
    }

    private ProtocolException? Refusal(ChatCommand command, ThreadState state) =>
        command.WhenRunning == WhenRunning.Reject
            ? new ProtocolException(ErrorCode.RunInProgress, "The agent is still answering.")
        : state.Waiting.Count >= options.Value.MaxQueuedMessages
            ? new ProtocolException(ErrorCode.QuotaExceeded, $"{state.Waiting.Count} messages wait in this thread already.")
            : null;

    private ThreadState OwnedBy(UserId user) =>
        _writer.State is { } state && state.Owner == user ? state : throw ProtocolException.NotFound();

    private async Task<(CommandReply Reply, bool IsNew)> AppendAsync(
        IReadOnlyList<ThreadEvent> events, CommandRecord record, CommandReply reply, UserId? creator)
    {
        switch (await _writer.AppendAsync(events, record, creator: creator))
        {
            case AppendResult.Appended:
                return (reply, true);
            case AppendResult.CommandKnown known:
                return (Earlier(known.Earlier, record.Digest), false);
            default:
                throw Fenced();
        }
    }

    private async Task AppendOrFenceAsync(List<ThreadEvent> events)
    {
        if (await _writer.AppendAsync(events) is not AppendResult.Appended)
        {
            throw Fenced();
        }
    }

    private async Task<CommandReply?> EarlierReplyAsync(UserId user, ClientFrameId id, ReadOnlyMemory<byte> digest) =>
        await log.FindCommandAsync(user, id, CancellationToken.None) is { } earlier ? Earlier(earlier, digest) : null;

    private static CommandReply Earlier(CommandRecord earlier, ReadOnlyMemory<byte> digest)
    {
        if (!earlier.Digest.Span.SequenceEqual(digest.Span))
        {
            throw new ProtocolException(ErrorCode.IdConflict, "This id was used before, for something else.");
        }

        var ack = (Ack)WireJson.DecodeServerFrame(earlier.Ack.Span) with { Status = AckStatus.Duplicate };
        return new CommandReply(WireJson.Encode(ack), ack.ThreadId!.Value, ack.Seq ?? 0);
    }

    private AgentStarted? NextOf(ThreadState state) => runs.IsDraining || state.Waiting is not [var waiting, ..]
        ? null
        : new AgentStarted { RunId = RunId.New(), Agent = waiting.Agent ?? agents.Names[0], MessageId = waiting.Id };

    /// <summary>Starts the run that the thread has open; none if it has none.</summary>
    private void Start()
    {
        if (_writer.State is not { Run: { } open } state)
        {
            return;
        }

        KeepActivation(WhileRunning);
        var journal = new RunJournal(open.Id, _writer, _live, runOptions.Value.CheckpointInterval, clock, logger) { Next = NextOf, Ended = Ended };
        _live.Listen(open.Id);
        _active = (runs.Start(new RunStart(state.Owner, _thread, open.Id, open.Answers, open.Agent, open.Seq), journal), journal);
    }

    private void Stop(StopReason reason)
    {
        if (_active is { } active)
        {
            active.Journal.Stopping ??= reason;
            active.Run.End(new RunEnd.Stopped(reason));
        }
    }

    /// <summary>In the thread's turn: the run's terminal event is durable, or the thread has another writer.</summary>
    private void Ended()
    {
        _active = null;
        if (!_writer.IsFenced)
        {
            Start();
        }

        if (_active is null)
        {
            KeepActivation(TimeSpan.Zero);
            RestIfUnused();
        }
    }

    /// <summary>A thread that nobody follows and nothing runs in needs no memory; the next call opens it again. So does one that is not there, or another's to write.</summary>
    private void RestIfUnused()
    {
        if (_writer.State is null || _writer.IsFenced || (_active is null && !_live.IsFollowed))
        {
            GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "Nobody follows the thread and nothing runs in it."));
        }
    }

    // A run's end is not on the grain's scheduler, where Orleans wants to hear this.
    private void KeepActivation(TimeSpan time) =>
        Task.Factory.StartNew(() => DelayDeactivation(time), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private ProtocolException Fenced()
    {
        OtherWriter(_thread.Value);
        return ProtocolException.Unavailable(); // the next call finds the other writer
    }

    [LoggerMessage(LogLevel.Information, "Run {Run} of {Thread} was left open by an earlier process; it ends as interrupted")]
    private partial void Adopting(string thread, string run);

    [LoggerMessage(LogLevel.Warning, "{Thread} has another writer; this one gives up")]
    private partial void OtherWriter(string thread);

    [LoggerMessage(LogLevel.Warning, "The store is away; {Thread} answers unavailable")]
    private partial void StoreAway(Exception away, string thread);
}
