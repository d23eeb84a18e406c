using ChatBackend.Agents;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Branches;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Maintenance;
using ChatBackend.Threads.Publishing;
using ChatBackend.Threads.Titles;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace ChatBackend.Threads;

/// <summary>
/// The thread's one writer. Reentrant towards Orleans, because the order is the writer's own lock's: a run, which is
/// no grain call, takes them too.
/// </summary>
/// <remarks>
/// Kept by Orleans for as long as it does not let itself be collected, which it does when it is unused: Orleans collects by the date, and with a
/// clock that was set back by more than its age limit no activation could be made any more.
/// </remarks>
[Reentrant, KeepAlive]
internal sealed partial class ThreadGrain(
    IEventLog log, IThreadStore store, Quarantine quarantine, LocalNode localNode, ActiveRuns runs, OpenWorkRecovery recovery, ChatHistoryCache historyCache,
    AgentCatalog agents, IOptions<ThreadOptions> options, IOptions<RunOptions> runOptions, ChatMetrics metrics, TimeProvider clock,
    ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    private TaskScheduler _scheduler = TaskScheduler.Default;
    private ThreadId _thread;
    private ThreadPublisher _publisher = null!;
    private ThreadWriter _writer = null!;
    private ThreadCommands _commands = null!;
    private BranchCommands _branches = null!;
    private FeedbackCommands _feedback = null!;
    private ThreadRuns _runs = null!;
    private Task _resting = Task.CompletedTask;
    private int _verbs; // that have begun and are not over; on the activation's scheduler

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _scheduler = TaskScheduler.Current;
        _thread = new ThreadId(this.GetPrimaryKeyString());
        _publisher = new ThreadPublisher(_thread, clock, logger);
        _writer = new ThreadWriter(_thread, log, _publisher, clock);
        _commands = new ThreadCommands(_thread, _writer, log, agents, runs, required => _runs.IsTooLate(required), options.Value);
        (_branches, _feedback) = (new BranchCommands(_thread, _writer, log), new FeedbackCommands(_thread, _writer, log, metrics));
        var titles = new AutoTitle(_thread, log, options.Value.AutoTitle, logger);
        _runs = new ThreadRuns(_thread, _writer, _publisher, log, runs, recovery, agents, titles, runOptions.Value, metrics, clock, logger)
        {
            Idle = RestWhenIdle,
        };
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _runs.Interrupt();
        historyCache.Forget(_thread);
        if (reason.ReasonCode != DeactivationReasonCode.ShuttingDown)
        {
            await _publisher.MoveAsync();
        }

        await _resting; // what broke it is told by Orleans
    }

    public Task<CommandReply> Chat(ChatCommand command) => ExclusivelyAsync(
        command.User,
        async () =>
        {
            if (command.Node is { } node)
            {
                _publisher.Subscribe(command.User, 0, localNode.Nearest(node));
            }

            var effect = await _commands.ChatAsync(command);
            if (effect is { IsNew: true, Ack.MessageId: { } message } && command.Sender is not null)
            {
                _runs.Remember(message, new MessageOrigin(command.Sender, command.TraceParent));
            }

            return Follow(effect);
        },
        opens: !command.Creates);

    public Task<CommandReply> Stop(StopCommand command) => ExclusivelyAsync(command.User, async () => Follow(await _commands.StopAsync(command)));

    public Task<CommandReply> Decide(DecideCommand command) => ExclusivelyAsync(command.User, async () => Follow(await _commands.DecideAsync(command)));

    public Task<CommandReply> SelectBranch(SelectBranchCommand command) => ExclusivelyAsync(command.User, async () => Follow(await _branches.SelectAsync(command)));

    public Task<CommandReply> GiveFeedback(FeedbackCommand command) => ExclusivelyAsync(command.User, async () => Follow(await _feedback.GiveAsync(command)));

    public Task Create(UserId user, string? title) => ExclusivelyAsync(
        user,
        async () =>
        {
            ThreadEvent[] named = title is null ? [] : [new ThreadRenamed { Title = title, By = RenamedBy.User }];
            return await _writer.AppendAsync(named, creator: user) is AppendResult.Appended ? true : throw ProtocolException.Unavailable();
        },
        opens: false);

    public Task Rename(UserId user, string title) => ExclusivelyAsync(user, async () =>
    {
        if (_writer.OwnedBy(user).Title != title)
        {
            await AppendOrFenceAsync([new ThreadRenamed { Title = title, By = RenamedBy.User }]);
        }

        return true;
    });

    public async Task Delete(UserId user)
    {
        var ending = await ExclusivelyAsync(
            user,
            async () =>
            {
                if (!await _writer.DeleteAsync(store, user))
                {
                    throw ProtocolException.Unavailable(); // another writer has the thread; the next call finds it
                }

                Deleted(_thread.Value);
                _publisher.RejectOutput();
                _runs.Stop(StopReason.User);
                return _runs.Ended;
            },
            opens: false);
        quarantine.Release(_thread);
        await _publisher.DeletedAsync();
        await ending;
        historyCache.Forget(_thread);
    }

    public Task<ThreadSnapshot> Subscribe(UserId user, long afterSeq, INodeObserver node) => ExclusivelyAsync(user, () =>
        Task.FromResult(_publisher.Subscribe(_writer.OwnedBy(user).Owner, afterSeq, localNode.Nearest(node))));

    public Task Unsubscribe(INodeObserver node)
    {
        _publisher.Unsubscribe(localNode.Nearest(node));
        RestIfUnused();
        return Task.CompletedTask;
    }

    public Task Recover() => ExclusivelyAsync(null, () => Task.FromResult(true), recovers: true);

    /// <summary>Runs a verb under the writer's lock, on an opened thread. What an earlier process left open is recovered first.</summary>
    /// <param name="user">The user who asks; null for a call by the server itself.</param>
    /// <param name="recovers">The verb is to recover: where that fails, so does it.</param>
    private async Task<T> ExclusivelyAsync<T>(UserId? user, Func<Task<T>> verb, bool opens = true, bool recovers = false)
    {
        _verbs++;
        try
        {
            using var section = await _writer.EnterAsync();
            if (opens)
            {
                await quarantine.AdmitAsync(_thread, user);
                await _writer.OpenAsync();
                await RecoverAsync(recovers);
                _runs.Tell();
            }

            return await verb();
        }
        catch (LogUnavailableException ex)
        {
            StoreAway(ex.Message, _thread.Value);
            throw ProtocolException.Unavailable();
        }
        catch (UnreadableThreadException ex)
        {
            quarantine.Add(ex);
            throw await IsForeignAsync(user) ? ProtocolException.NotFound() : Quarantine.Refusal();
        }
        finally
        {
            _verbs--;
            RestIfUnused();
        }
    }

    /// <summary>A run that cannot be ended does not keep its thread from being followed or deleted.</summary>
    private async Task RecoverAsync(bool mustSucceed)
    {
        try
        {
            await _runs.RecoverAsync();
        }
        catch (Exception ex) when (!mustSucceed && ex is not (LogUnavailableException or UnreadableThreadException or ProtocolException))
        {
            recovery.Add(_thread); // which tries again, and says what is wrong
            await _writer.OpenAsync();
        }
    }

    private async Task<bool> IsForeignAsync(UserId? user)
    {
        try
        {
            return user is { } asking && await store.FindAsync(asking, _thread, CancellationToken.None) is null;
        }
        catch (LogUnavailableException)
        {
            return false; // nothing is told of a thread that cannot be looked up
        }
    }

    private async Task AppendOrFenceAsync(List<ThreadEvent> events)
    {
        if (await _writer.AppendAsync(events) is not AppendResult.Appended)
        {
            throw ProtocolException.Unavailable(); // another writer has the thread; the next call finds it
        }
    }

    /// <summary>Does what follows from a command that took effect.</summary>
    private CommandReply Follow(CommandEffect effect)
    {
        if (effect.IsNew)
        {
            _runs.Start();
            _runs.Tell();
        }

        if (effect.Stops is { } reason)
        {
            _runs.Stop(reason);
        }

        return effect.Reply;
    }

    private void RestWhenIdle()
    {
        if (IsUnused)
        {
            // A run's end is not on the grain's scheduler, where Orleans wants to hear this.
            _resting = Task.Factory.StartNew(RestIfUnused, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);
        }
    }

    private bool IsUnused => _writer.State is null || _writer.IsFenced || (_runs.IsIdle && !_publisher.IsFollowed);

    /// <summary>A thread without followers and without a run needs no memory; the next call opens it again. So does one that is not there, or another's to write.</summary>
    private void RestIfUnused()
    {
        if (_verbs > 0)
        {
            return; // a verb that waits for the lock may start a run, which must not end with this activation
        }

        if (_writer.IsFenced)
        {
            OtherWriter(_thread.Value);
        }

        if (IsUnused)
        {
            GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The thread has neither a follower nor a run."));
        }
    }

    [LoggerMessage(LogLevel.Information, "{Thread} is deleted")]
    private partial void Deleted(string thread);

    [LoggerMessage(LogLevel.Warning, "{Thread} has another writer; this one stops")]
    private partial void OtherWriter(string thread);

    // The store says once that it is away; this is for who looks for one thread.
    [LoggerMessage(LogLevel.Debug, "Event log unavailable; rejecting a command for {Thread}: {Reason}")]
    private partial void StoreAway(string reason, string thread);
}
