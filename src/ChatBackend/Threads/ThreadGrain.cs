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
    IEventLog log, IThreadStore store, ThreadFeeds feeds, OpenRuns runs, Histories histories, AgentCatalog agents, IOptions<ThreadOptions> options,
    IOptions<RunOptions> runOptions, ChatMetrics metrics, TimeProvider clock, ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    // A grain that only works in the background is idle to Orleans, which is told otherwise with a run, but not with each.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(3);
    private static readonly TimeSpan KeptAgainAfter = TimeSpan.FromDays(1);

    private TaskScheduler _scheduler = TaskScheduler.Default;
    private ThreadId _thread;
    private LiveThread _live = null!;
    private ThreadWriter _writer = null!;
    private ThreadCommands _commands = null!;
    private AutoTitle _titles = null!;
    private (AgentRun Run, RunJournal Journal)? _active;
    private long? _keptAt;
    private int _verbs; // that have begun and are not over; on the activation's scheduler

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _scheduler = TaskScheduler.Current;
        _thread = new ThreadId(this.GetPrimaryKeyString());
        _live = new LiveThread(_thread, clock, logger);
        _writer = new ThreadWriter(_thread, log, _live, clock);
        _commands = new ThreadCommands(_thread, _writer, log, agents, runs, options.Value, clock);
        _titles = new AutoTitle(_thread, log, options.Value.AutoTitle);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Whoever writes next ends the run; this one must not go on spending.
        _active?.Run.End(RunEnd.Failed.Interrupted);
        histories.Forget(_thread);
        if (reason.ReasonCode != DeactivationReasonCode.ShuttingDown)
        {
            await _live.MoveAsync();
        }
    }

    public Task<CommandReply> Chat(ChatCommand command) => InTurnAsync(
        async () =>
        {
            if (command.Node is { } node)
            {
                _live.Subscribe(command.User, 0, feeds.Nearest(node));
            }

            return Follow(await _commands.ChatAsync(command));
        },
        opens: !command.Creates);

    public Task<CommandReply> Stop(StopCommand command) => InTurnAsync(async () => Follow(await _commands.StopAsync(command)));

    public Task<CommandReply> Decide(DecideCommand command) => InTurnAsync(async () => Follow(await _commands.DecideAsync(command)));

    public Task Create(UserId user, string? title) => InTurnAsync(
        async () =>
        {
            ThreadEvent[] named = title is null ? [] : [new ThreadRenamed { Title = title, By = RenamedBy.User }];
            return await _writer.AppendAsync(named, creator: user) is AppendResult.Appended ? true : throw ProtocolException.Unavailable();
        },
        opens: false);

    public Task Rename(UserId user, string title) => InTurnAsync(async () =>
    {
        if (_writer.OwnedBy(user).Title != title)
        {
            await AppendOrFenceAsync([new ThreadRenamed { Title = title, By = RenamedBy.User }]);
        }

        return true;
    });

    public async Task Delete(UserId user)
    {
        var ending = await InTurnAsync(async () =>
        {
            _writer.OwnedBy(user);
            if (!await _writer.DeleteAsync(store))
            {
                throw ProtocolException.Unavailable(); // another writer has the thread; the next call finds it
            }

            Deleted(_thread.Value);
            _live.Silence();
            Stop(StopReason.User);
            return _active?.Run.Ended ?? Task.CompletedTask;
        });
        await _live.DeletedAsync();
        await ending;
        histories.Forget(_thread);
    }

    public Task<ThreadSnapshot> Subscribe(UserId user, long afterSeq, INodeObserver node) => InTurnAsync(() =>
        Task.FromResult(_live.Subscribe(_writer.OwnedBy(user).Owner, afterSeq, feeds.Nearest(node))));

    public Task Unsubscribe(INodeObserver node)
    {
        _live.Unsubscribe(feeds.Nearest(node));
        RestIfUnused();
        return Task.CompletedTask;
    }

    public Task Adopt() => InTurnAsync(() => Task.FromResult(true));

    /// <summary>Runs a verb in the thread's turn, on an opened thread. What an earlier writer left open is adopted first.</summary>
    private async Task<T> InTurnAsync<T>(Func<Task<T>> verb, bool opens = true)
    {
        _verbs++;
        try
        {
            using var turn = await _writer.TurnAsync();
            if (opens)
            {
                await _writer.OpenAsync();
                await AdoptAsync();
                TellRun();
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
            _verbs--;
            RestIfUnused();
        }
    }

    /// <summary>Goes on with the run that no living writer has, where that is safe; else ends it, and answers the message that is next.</summary>
    private async Task AdoptAsync()
    {
        if (_active is not null || _writer.State is not { IsBusy: true } state)
        {
            return;
        }

        if (state.Run is { CanResume: true } waiting)
        {
            Resuming(_thread.Value, waiting.Id.Value);
            Start();
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

    private async Task AppendOrFenceAsync(List<ThreadEvent> events)
    {
        if (await _writer.AppendAsync(events) is not AppendResult.Appended)
        {
            throw ProtocolException.Unavailable(); // another writer has the thread; the next call finds it
        }
    }

    private AgentStarted? NextOf(ThreadState state) => runs.IsDraining || state.Waiting is not [var waiting, ..]
        ? null
        : new AgentStarted { RunId = RunId.New(), Agent = waiting.Agent ?? agents.Names[0], MessageId = waiting.Id };

    /// <summary>Does what follows from a command that took effect.</summary>
    private CommandReply Follow(CommandEffect effect)
    {
        if (effect.IsNew)
        {
            Start();
            TellRun();
            if (effect.Stops is { } reason)
            {
                Stop(reason);
            }
        }

        return effect.Reply;
    }

    /// <summary>Starts the run that the thread has open, or goes on with it; none if it has none, or has it already.</summary>
    private void Start()
    {
        // A run that can go on elsewhere is left to the next process when this one stops.
        if (_active is not null || _writer.State is not { Run: { } open } state || (runs.IsDraining && open.CanResume))
        {
            return;
        }

        KeepActivation();
        var journal = new RunJournal(open, _writer, _live, runOptions.Value.CheckpointInterval, clock, logger) {
            Next = NextOf, TitleAsync = _titles.ForAsync, Ended = Ended,
        };
        _live.Listen(open.Id);
        var start = new RunStart(state.Owner, _thread, open.Id, open.Answers, open.OpenFrom, open.Agent, open.Seq, open.Approval?.Required)
        {
            Recent = after => Array.ConvertAll(_live.Recent(after), happened => new StoredEvent(happened.Seq, happened.Json)),
        };
        _active = (runs.Start(start, journal), journal);
    }

    /// <summary>A decision is durable: the run that waits for it goes on. Also one whose append seemed to have failed.</summary>
    private void TellRun()
    {
        if (_writer.State?.Run?.Approval?.Decided is { } decided)
        {
            _active?.Journal.Decided(decided);
        }
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

        if (IsUnused)
        {
            OnActivation(RestIfUnused);
        }
    }

    private bool IsUnused => _writer.State is null || _writer.IsFenced || (_active is null && !_live.IsFollowed);

    /// <summary>A thread that nobody follows and nothing runs in needs no memory; the next call opens it again. So does one that is not there, or another's to write.</summary>
    private void RestIfUnused()
    {
        if (_verbs > 0)
        {
            return; // a verb that waits for its turn may start a run, which must not end with this activation
        }

        if (_writer.IsFenced)
        {
            OtherWriter(_thread.Value);
        }

        if (IsUnused)
        {
            GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "Nobody follows the thread and nothing runs in it."));
        }
    }

    private void KeepActivation()
    {
        if (_keptAt is not { } kept || clock.GetElapsedTime(kept) > KeptAgainAfter)
        {
            _keptAt = clock.GetTimestamp();
            OnActivation(() => DelayDeactivation(Kept));
        }
    }

    // A run's end is not on the grain's scheduler, where Orleans wants to hear this.
    private void OnActivation(Action tell) =>
        Task.Factory.StartNew(tell, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    [LoggerMessage(LogLevel.Information, "Run {Run} of {Thread} was left open by an earlier process; it ends as interrupted")]
    private partial void Adopting(string thread, string run);

    [LoggerMessage(LogLevel.Information, "Run {Run} of {Thread} waits for a decision; it goes on here")]
    private partial void Resuming(string thread, string run);

    [LoggerMessage(LogLevel.Information, "{Thread} is deleted")]
    private partial void Deleted(string thread);

    [LoggerMessage(LogLevel.Warning, "{Thread} has another writer; this one gives up")]
    private partial void OtherWriter(string thread);

    [LoggerMessage(LogLevel.Warning, "The store is away; {Thread} answers unavailable")]
    private partial void StoreAway(Exception away, string thread);
}
