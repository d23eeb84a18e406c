using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
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
internal sealed partial class RunSink(
    UnfinishedRun start, ThreadWriter writer, ThreadPublisher publisher, TimeSpan checkpointInterval, TimeProvider clock, ILogger logger) : IRunSink
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly RunId _run = start.Id;
    private readonly RunClock _time = new(clock);
    private readonly ApprovalWaits _waits = Resumed(start, clock);
    private Utf16Chunker _pieces = new();
    private readonly RunCommits _commits = new(start, writer, clock, logger);
    private int _saved; // of the part in flight: a save has its turn before the commit that ends the part
    private Task _saving = Task.CompletedTask;
    private long _savedAt = clock.GetTimestamp();
    private PartKind _kind;
    private bool _isOver;

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
        if (whole.Length == 0 || !publisher.PublishText(_run, kind, whole))
        {
            return;
        }

        if (clock.GetElapsedTime(_savedAt) >= checkpointInterval && _saving.IsCompleted)
        {
            await _saving; // what broke it breaks the run
            _saving = SaveAsync(); // the disk holds up no token
        }
    }

    public async Task CompletePartAsync(CancellationToken cancellationToken)
    {
        if (publisher.PartFrom(0) is { } part)
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
                return (taken.Count, publisher.PartFrom(0)) switch
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

    public Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken) =>
        _commits.CommitAsync(_ => [new ToolExecuting { RunId = _run, CallId = call, Tool = tool, Arguments = arguments }], cancellationToken);

    public Task ToolEndedAsync(ToolCompleted completed, CancellationToken cancellationToken) =>
        _commits.CommitAsync(_ => [completed with { RunId = _run }], cancellationToken);

    public void ReportProgress(CallId call, string text, double? fraction) => publisher.PublishProgress(_run, call, text, fraction);

    public Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> calls, TimeSpan given, CancellationToken cancellationToken) => _commits.CommitAsync(
        _ =>
        {
            var expiresAt = writer.Now() + given;
            foreach (var call in calls)
            {
                _waits.Add(call.CallId, given);
            }

            return [.. calls.Select(call => call with { RunId = _run, ExpiresAt = expiresAt })];
        },
        cancellationToken, async state => await TitleAsync(state, null));

    public async Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken)
    {
        var (call, decided) = await _waits.NextAsync(cancellationToken);
        if (decided is null)
        {
            // Too late is decided where decisions are: under the writer's lock.
            await _commits.CommitAsync(
                state =>
                {
                    decided = state.Run!.Find(call)?.Decided;
                    return decided is null ? [tooLate(call) with { RunId = _run }] : [];
                },
                cancellationToken);
        }

        return (call, decided);
    }

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
        var backoff = new Backoff(FirstRetry, LongestRetry);
        while (true)
        {
            using (await writer.EnterAsync())
            {
                try
                {
                    await writer.OpenAsync();
                    if (!IsOurs())
                    {
                        // Ended by an attempt whose outcome was unknown, with its thread, or else by another writer.
                        Over();
                        return attempted ?? (writer.IsDeleted ? end : null);
                    }

                    publisher.RejectOutput();
                    if (end == RunOutcome.Failed.Interrupted && Stopping is null && writer.State!.Run!.CanResume)
                    {
                        Over();
                        return RunOutcome.Suspended.Instance;
                    }

                    var final = Stopping is { } reason ? new RunOutcome.Stopped(reason) : end;
                    var events = TerminalEvents.For(writer.State!, final, publisher.PartFrom(0), usage, _time.Now);
                    ThreadEvent?[] after = [await TitleAsync(writer.State!, AutoTitle.AnswerOf(events[^1])), Next(writer.State!)];
                    attempted = final;
                    var result = await writer.AppendAsync([.. events, .. after.OfType<ThreadEvent>()]);
                    var appended = result is AppendResult.Appended;
                    Over();
                    return appended ? final : null;
                }
                catch (LogUnavailableException ex)
                {
                    Waiting(ex.Message, _run.Value);
                }
            }

            await Task.Delay(backoff.Next(), clock, CancellationToken.None);
        }
    }

    public async Task ReleaseAsync()
    {
        if (!_isOver)
        {
            using (await writer.EnterAsync())
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
            publisher.RejectOutput();
            Ended();
        }
    }

    /// <summary>Saves what the part in flight has said since the last time, for the event that this process dies.</summary>
    private async Task SaveAsync()
    {
        _savedAt = clock.GetTimestamp();
        using (await writer.EnterAsync())
        {
            if (!IsOurs() || publisher.PartFrom(_saved) is not { Text.Length: > 0 } piece)
            {
                return;
            }

            try
            {
                await writer.OpenAsync();
                var checkpoint = new PartCheckpoint(_run, piece.Part, piece.Kind, piece.Offset, piece.Text);
                if (await writer.AppendAsync([], checkpoint: checkpoint) is AppendResult.Appended)
                {
                    _saved = piece.Offset + piece.Text.Length;
                }
            }
            catch (LogUnavailableException ex)
            {
                Waiting(ex.Message, _run.Value);
            }
        }
    }

    private AgentPart Durable(PartText part) => new() { RunId = _run, PartId = part.Part, Kind = part.Kind, Text = part.Text };

    private void BeginPart() => (_saved, _pieces) = (0, new Utf16Chunker());

    private static ApprovalWaits Resumed(UnfinishedRun run, TimeProvider clock)
    {
        var waits = new ApprovalWaits(clock);
        run.Approvals.ForEach(pending => waits.Resume(pending.Required));
        return waits;
    }

    private bool IsOurs() => writer.State?.Run?.Id == _run;

    // The store says once that it is away; this is for who looks for one run.
    [LoggerMessage(LogLevel.Debug, "Run {Run} waits for the store: {Reason}")]
    private partial void Waiting(string reason, string run);
}
