using ChatBackend.Agents;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Maintenance;
using ChatBackend.Threads.Publishing;
using ChatBackend.Threads.Titles;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>The runs of a thread, one at a time: started, told, stopped, and recovered where no living process has them. All of it under the writer's lock.</summary>
internal sealed partial class ThreadRuns(
    ThreadId thread, ThreadWriter writer, ThreadPublisher publisher, IEventLog log, ActiveRuns runs, OpenWorkRecovery recovery, AgentCatalog agents, AutoTitle titles,
    RunOptions options, ChatMetrics metrics, TimeProvider clock, ILogger logger)
{
    private readonly MessageSenders _senders = new();
    private ActiveRun? _active;
    private RunId? _orphan; // a run that no process has any more and whose end is not recorded: it is never begun again
    private StopReason? _stopping; // accepted for that run
    private TokenUsage? _usage; // of that run

    /// <summary>Called when a run is over and none follows it.</summary>
    public required Action Idle { get; init; }

    /// <summary>A run that has no terminal event keeps its thread in memory: what it said is nowhere else in full.</summary>
    public bool IsIdle => _active is null && writer.State is { Run: null };

    /// <summary>Ends when the terminal event of the run is durable, if there is one.</summary>
    public Task Ended => _active?.Run.Ended ?? Task.CompletedTask;

    /// <summary>The activation goes: who writes next ends the run, and this one must not go on spending. Not under the lock.</summary>
    public void Interrupt() => _active?.Run.End(RunOutcome.Failed.Interrupted);

    /// <summary>Goes on with the run that no living process has, where that is safe; else ends it, and answers the message that is next.</summary>
    public async Task RecoverAsync()
    {
        if (_active is not null || writer.State is not { IsBusy: true } state)
        {
            return;
        }

        _orphan = state.Run?.Id;
        if (_stopping is null && state.Run is { CanResume: true } waiting)
        {
            _orphan = null;
            Resuming(thread.Value, waiting.Id.Value);
            Start();
            return;
        }

        var events = new List<ThreadEvent>();
        if (state.Run is { } orphan)
        {
            // Of a run of this process that broke, the text is still here.
            var said = publisher.PartFrom(0) ?? SavedText.Of(await log.ReadCheckpointsAsync(thread, CancellationToken.None));
            events = TerminalEvents.For(state, Cause, said, _usage, writer.Now());
            if (await titles.ForAsync(state, AutoTitle.AnswerOf(events[^1])) is { } title)
            {
                events.Add(title);
            }

            Ending(thread.Value, orphan.Id.Value);
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

        if (await writer.AppendAsync(events) is not AppendResult.Appended)
        {
            throw ProtocolException.Unavailable(); // another writer has the thread; the next call finds it
        }

        if (state.Run is not null)
        {
            metrics.RunRecovered(Cause.Outcome);
        }

        (_orphan, _stopping, _usage) = (null, null, null);
        Start();
    }

    /// <summary>Where a message that was just taken came from: its run is the sender's, also when it begins later in this process.</summary>
    public void Remember(MessageId message, MessageOrigin origin) => _senders.Add(message, origin);

    /// <summary>Starts the run that the thread has open, or goes on with it; none if it has none, or has it already.</summary>
    public void Start()
    {
        // A run that another process can resume is left to the next process when this one stops.
        if (_active is not null || writer.State is not { Run: { } open } state || open.Id == _orphan || (runs.IsDraining && open.CanResume))
        {
            return;
        }

        var sink = new RunSink(open, writer, publisher, options.CheckpointInterval, clock, logger)
        {
            Next = NextOf, TitleAsync = titles.ForAsync, Ended = () => Over(open.Id),
        };
        publisher.AcceptOutputFrom(open.Id);
        var origin = _senders.Take(open.Answers, state.Waiting);
        var starting = writer.Starting;
        var start = new RunRequest(state.Owner, thread, open.Id, open.Answers, open.OpenFrom, open.Agent, open.Seq, [.. open.Approvals.Select(pending => pending.Required)])
        {
            LastRecord = writer.LastRecord,
            Sender = origin.Sender,
            TraceParent = origin.TraceParent,
            Recent = after => Array.ConvertAll(
                publisher.Recent(after), recent => new StoredEvent(recent.Seq, recent.Json) { Event = starting.FirstOrDefault(known => known.Seq == recent.Seq) }),
        };
        _active = new ActiveRun(runs.Start(start, sink), sink);
    }

    /// <summary>Decisions are durable: the run that waits for them goes on. Also those whose append seemed to have failed.</summary>
    public void Tell()
    {
        foreach (var pending in writer.State?.Run?.Approvals ?? [])
        {
            if (pending.Decided is { } decided)
            {
                _active?.Sink.Decided(decided);
            }
        }
    }

    /// <summary>The time to decide is over: by what has passed where the run is here, else by the date.</summary>
    public bool IsTooLate(ApprovalRequired required) =>
        _active?.Sink.IsTooLate(required.CallId) ?? writer.Now() >= required.ExpiresAt;

    public void Stop(StopReason reason)
    {
        if (_active is { } active)
        {
            active.Sink.Stopping ??= reason;
            active.Run.End(new RunOutcome.Stopped(reason));
        }
        else if (writer.State?.Run is not null)
        {
            _stopping ??= reason;
            recovery.Add(thread);
        }
    }

    private RunOutcome Cause => _stopping is { } reason ? new RunOutcome.Stopped(reason) : RunOutcome.Failed.Interrupted;

    /// <summary>The run is over: its terminal event is durable, the thread has another writer, or its end could not be recorded.</summary>
    private void Over(RunId run)
    {
        (_stopping, _usage) = (_active?.Sink.Stopping, _active?.Sink.Usage);
        _active = null;
        if (writer.State?.Run?.Id == run && !writer.IsFenced)
        {
            _orphan = run;
            if (!runs.IsDraining)
            {
                NotRecorded(thread.Value, run.Value);
                recovery.Add(thread);
                return;
            }
        }

        (_stopping, _usage) = (null, null);
        if (!writer.IsFenced)
        {
            Start();
        }

        if (_active is null)
        {
            Idle();
        }
    }

    private AgentStarted? NextOf(ThreadState state) => runs.IsDraining || state.Waiting is not [var waiting, ..]
        ? null
        : new AgentStarted { RunId = RunId.New(), Agent = waiting.Agent ?? agents.Names[0], MessageId = waiting.Id, TraceId = _senders.TraceIdOf(waiting.Id) };

    [LoggerMessage(LogLevel.Information, "Run {Run} of {Thread} lost its process; its end is recorded now")]
    private partial void Ending(string thread, string run);

    [LoggerMessage(LogLevel.Information, "Run {Run} of {Thread} waits for a decision; it is resumed")]
    private partial void Resuming(string thread, string run);

    [LoggerMessage(LogLevel.Error, "The end of run {Run} of {Thread} could not be recorded; retrying")]
    private partial void NotRecorded(string thread, string run);

    private sealed record ActiveRun(AgentRun Run, RunSink Sink);
}
