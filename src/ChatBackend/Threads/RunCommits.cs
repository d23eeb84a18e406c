using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// Commits a run's events, each commit tried again while the store is away. One at a time, since the count of the run's events is what shows that an attempt of
/// unknown outcome took effect: tools may end at the same moment.
/// </summary>
internal sealed partial class RunCommits(UnfinishedRun start, ThreadWriter writer, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _entry = new(1, 1);
    private readonly RunId _run = start.Id;
    private int _committed = start.Events;
    private byte[]? _record; // goes with the next events of the run
    private byte[]? _attempted; // went with an append whose outcome was not known

    /// <summary>The pauses of a run that waits for the store.</summary>
    public static Backoff NewBackoff() => new(FirstRetry, LongestRetry);

    /// <summary>Stores it with the next event of an answer that the run itself writes, in place of what waits for that, and delivers it to no one.</summary>
    public void Keep(StepRecord? record) => Volatile.Write(ref _record, record?.Encode());

    /// <summary>Under the writer's lock: what is to be stored with which of these events; null when nothing is.</summary>
    public ThreadWriter.KeptRecord? RecordFor(IReadOnlyList<ThreadEvent> events)
    {
        _attempted = null;
        if (Volatile.Read(ref _record) is { } record)
        {
            for (var i = 0; i < events.Count; i++)
            {
                if (events[i] is AgentPart or ToolExecuting or ApprovalRequired or AgentCompleted or AgentStopped or AgentFailed && ((RunEvent)events[i]).RunId == _run)
                {
                    _attempted = record;
                    return new ThreadWriter.KeptRecord(i, record);
                }
            }
        }

        return null;
    }

    /// <param name="draft">Called under the writer's lock: the run's events to commit, none to commit nothing.</param>
    /// <param name="alsoAsync">Called under the writer's lock after it: another event of the thread for the same commit, if any.</param>
    /// <param name="result">What the first of the events holds only the begin and the end of.</param>
    /// <exception cref="RunLostException"/>
    public async Task CommitAsync(
        Func<ThreadState, IReadOnlyList<ThreadEvent>> draft, CancellationToken cancellationToken, Func<ThreadState, Task<ThreadEvent?>>? alsoAsync = null, WholeResult? result = null)
    {
        await _entry.WaitAsync(cancellationToken);
        try
        {
            var backoff = NewBackoff();
            while (!await TryCommitAsync(draft, alsoAsync, result, cancellationToken))
            {
                await Task.Delay(backoff.Next(), clock, cancellationToken);
            }
        }
        finally
        {
            _entry.Release();
        }
    }

    /// <summary>The store says once that it is away; this is for the operator who looks for one run.</summary>
    public void Waits(LogUnavailableException ex) => Waiting(ex.Message, _run.Value);

    private async Task<bool> TryCommitAsync(
        Func<ThreadState, IReadOnlyList<ThreadEvent>> draft, Func<ThreadState, Task<ThreadEvent?>>? alsoAsync, WholeResult? result, CancellationToken cancellationToken)
    {
        using var section = await writer.EnterAsync();
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await writer.OpenAsync();
            if (writer.State?.Run?.Id != _run)
            {
                throw new RunLostException();
            }

            // More events than we know of: an attempt whose outcome was unknown did commit.
            if (writer.State.Run.Events == _committed)
            {
                await AppendAsync(draft(writer.State), alsoAsync, result);
            }
            else
            {
                Stored();
            }

            _committed = writer.State.Run.Events;
            return true;
        }
        catch (LogUnavailableException ex)
        {
            Waits(ex);
            return false;
        }
    }

    private async Task AppendAsync(IReadOnlyList<ThreadEvent> events, Func<ThreadState, Task<ThreadEvent?>>? alsoAsync, WholeResult? result)
    {
        if (events.Count == 0)
        {
            return;
        }

        ThreadEvent[] all = alsoAsync is not null && await alsoAsync(writer.State!) is { } also ? [.. events, also] : [.. events];
        if (await writer.AppendAsync(all, result: result, record: RecordFor(all)) is not AppendResult.Appended)
        {
            throw new RunLostException();
        }

        Stored();
    }

    /// <summary>Unless another has taken its place meanwhile.</summary>
    private void Stored()
    {
        if (_attempted is { } stored)
        {
            Interlocked.CompareExchange(ref _record, null, stored);
            _attempted = null;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Run {Run} waits for the store: {Reason}")]
    private partial void Waiting(string reason, string run);
}
