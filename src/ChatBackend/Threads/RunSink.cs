using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using ChatBackend.Threads.Titles;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// Takes a run's output into its thread. Decides, under the writer's lock, how the run ended, so that a stop that was
/// acknowledged and an answer that was complete at the same moment cannot both have won.
/// </summary>
internal sealed class RunSink : IRunSink
{
    private readonly RunId _run;
    private readonly ThreadWriter _writer;
    private readonly ThreadPublisher _publisher;
    private readonly TimeSpan _checkpointInterval;
    private readonly TimeProvider _clock;
    private readonly RunClock _time;
    private readonly ApprovalWaits _waits;
    private readonly RunCommits _commits;
    private readonly RunCalls _calls;
    private Utf16Chunker _pieces = new();
    private int _saved; // of the part in flight: a save is over before the commit that ends the part
    private Task _saving = Task.CompletedTask;
    private long _savedAt;
    private PartKind _kind;
    private bool _isOver;

    public RunSink(UnfinishedRun start, ThreadWriter writer, ThreadPublisher publisher, TimeSpan checkpointInterval, TimeProvider clock, ILogger logger)
    {
        (_run, _writer, _publisher, _checkpointInterval, _clock) = (start.Id, writer, publisher, checkpointInterval, clock);
        (_time, _savedAt) = (new RunClock(clock), clock.GetTimestamp());
        _waits = Resumed(start, clock);
        _commits = new RunCommits(start, writer, clock, logger);
        _calls = new RunCalls(_run, null, _commits, _waits, writer, publisher);
    }

    /// <summary>Set under the writer's lock when a stop is accepted; outranks how the run says it ended.</summary>
    public StopReason? Stopping { get; set; }

    /// <summary>What the model counted, once the run has ended.</summary>
    public TokenUsage? Usage { get; private set; }

    /// <summary>Called under the writer's lock: the event that follows the terminal one in the same commit, if any.</summary>
    public required Func<ThreadState, AgentStarted?> Next { get; init; }

    /// <summary>Called under the writer's lock, with the answer if there is one: the title that the thread gets in the same commit, if any.</summary>
    public required Func<ThreadState, string?, Task<ThreadRenamed?>> TitleAsync { get; init; }

    /// <summary>Called once, under the writer's lock, when the run is over: its terminal event is durable, the thread has another writer, or the end could not be recorded.</summary>
    public required Action Ended { get; init; }

    public async ValueTask WriteTextAsync(PartKind kind, string text, CancellationToken cancellationToken)
    {
        if (_kind != kind)
        {
            await CompletePartAsync(cancellationToken);
            _kind = kind;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var whole = _pieces.Next(text);
        if (whole.Length == 0 || !_publisher.PublishText(_run, kind, whole))
        {
            return;
        }

        if (_clock.GetElapsedTime(_savedAt) >= _checkpointInterval && _saving.IsCompleted)
        {
            await _saving; // what broke it breaks the run
            _saving = SaveAsync(); // the disk holds up no token
        }
    }

    public async Task CompletePartAsync(CancellationToken cancellationToken)
    {
        if (_publisher.PartFrom(0) is { } part)
        {
            await _commits.CommitAsync(_ => [Durable(part)], cancellationToken);
        }

        BeginPart(); // also after half a character that was all there was: it does not begin the next part
    }

    public async Task<IReadOnlyList<string>> TakeSteeredAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<WaitingMessage> taken = [];
        await _commits.CommitAsync(
            state =>
            {
                taken = Stopping is null ? state.Steering : [];
                var steered = taken.Select(message => new MessageSteered { RunId = _run, MessageId = message.Id });
                return (taken.Count, _publisher.PartFrom(0)) switch
                {
                    (0, _) => [],
                    (_, { } part) => [Durable(part), .. steered],
                    _ => [.. steered],
                };
            },
            cancellationToken);
        if (taken.Count > 0)
        {
            BeginPart();
        }

        return [.. taken.Select(message => message.Text!)];
    }

    public Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken) => _calls.FallBackAsync(agent, code, cancellationToken);

    public Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken) => _calls.TrimContextAsync(trimmed, cancellationToken);

    public void Keep(StepRecord? record) => _commits.Keep(record);

    public Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken) =>
        _calls.StartsAsync(call, tool, arguments, cancellationToken);

    public Task ToolEndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken) => _calls.EndedAsync(completed, result, cancellationToken);

    public void ReportProgress(CallId call, string text, double? fraction) => _calls.ReportProgress(call, text, fraction);

    public Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> calls, TimeSpan given, CancellationToken cancellationToken) =>
        _calls.RequestApprovalAsync(calls, given, RunTitleAsync, cancellationToken);

    public Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
        IReadOnlyCollection<CallId> calls, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken) =>
        _calls.NextDecisionAsync(calls, tooLate, cancellationToken);

    public INestedRunSink Nest(RunId nested) =>
        new NestedRunSink(nested, _run, _commits, new RunCalls(nested, _run, _commits, _waits, _writer, _publisher), RunTitleAsync, _clock);

    /// <summary>Under the writer's lock: a decision is durable. May be told again.</summary>
    public void Decided(ApprovalDecided decided) => _waits.Decide(decided);

    /// <summary>The time to decide about a call is over, whether or not that is recorded yet.</summary>
    public bool IsTooLate(CallId call) => _waits.IsOver(call);

    public async Task<RunOutcome?> EndAsync(RunOutcome end, TokenUsage? usage)
    {
        Usage = usage;
        // Whether it went well does not matter any more.
        await _saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        RunOutcome? attempted = null;
        var backoff = RunCommits.NewBackoff();
        while (true)
        {
            using (await _writer.EnterAsync())
            {
                try
                {
                    await _writer.OpenAsync();
                    if (!IsOurs())
                    {
                        // Ended by an attempt whose outcome was unknown, with its thread, or else by another writer.
                        Over();
                        return attempted ?? (_writer.IsDeleted ? end : null);
                    }

                    _publisher.RejectOutput();
                    if (end == RunOutcome.Failed.Interrupted && Stopping is null && _writer.State!.Run!.CanResume)
                    {
                        Over();
                        return RunOutcome.Suspended.Instance;
                    }

                    var final = Stopping is { } reason ? new RunOutcome.Stopped(reason) : end;
                    var events = TerminalEvents.For(_writer.State!, final, _publisher.PartFrom(0), usage, _time.Now);
                    ThreadEvent?[] after = [await TitleAsync(_writer.State!, AutoTitle.AnswerOf(events[^1])), Next(_writer.State!)];
                    attempted = final;
                    ThreadEvent[] all = [.. events, .. after.OfType<ThreadEvent>()];
                    var result = await _writer.AppendAsync(all, record: _commits.RecordFor(all));
                    var appended = result is AppendResult.Appended;
                    Over();
                    return appended ? final : null;
                }
                catch (LogUnavailableException ex)
                {
                    _commits.Waits(ex);
                }
            }

            await Task.Delay(backoff.Next(), _clock, CancellationToken.None);
        }
    }

    public async Task ReleaseAsync()
    {
        if (!_isOver)
        {
            using (await _writer.EnterAsync())
            {
                Over();
            }
        }
    }

    private void Over()
    {
        if (!_isOver)
        {
            _isOver = true;
            _publisher.RejectOutput();
            Ended();
        }
    }

    /// <summary>Saves what the part in flight has said since the last time, for the event that this process dies.</summary>
    private async Task SaveAsync()
    {
        _savedAt = _clock.GetTimestamp();
        using (await _writer.EnterAsync())
        {
            if (!IsOurs() || _publisher.PartFrom(_saved) is not { Text.Length: > 0 } piece)
            {
                return;
            }

            try
            {
                await _writer.OpenAsync();
                var checkpoint = new PartCheckpoint(_run, piece.Part, piece.Kind, piece.Offset, piece.Text);
                if (await _writer.AppendAsync([], checkpoint: checkpoint) is AppendResult.Appended)
                {
                    _saved = piece.Offset + piece.Text.Length;
                }
            }
            catch (LogUnavailableException ex)
            {
                _commits.Waits(ex);
            }
        }
    }

    private async Task<ThreadEvent?> RunTitleAsync(ThreadState state) => await TitleAsync(state, null);

    private AgentPart Durable(PartText part) => new() { RunId = _run, PartId = part.Part, Kind = part.Kind, Text = part.Text };

    private void BeginPart() => (_saved, _pieces) = (0, new Utf16Chunker());

    private static ApprovalWaits Resumed(UnfinishedRun run, TimeProvider clock)
    {
        var waits = new ApprovalWaits(clock);
        run.Approvals.ForEach(pending => waits.Resume(pending.Required));
        return waits;
    }

    private bool IsOurs() => _writer.State?.Run?.Id == _run;
}
