using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// One thread that a connection follows, across reconnects, until it is unfollowed or the connection closes for good. Every
/// durable event is taken once and in order, every text once; what is missing is asked for again from the cursor.
/// </summary>
/// <remarks>
/// Memory: the transcript is as large as the thread, the buffer behind <see cref="Events"/> at most
/// <see cref="ChatConnectionOptions.FollowerBufferBytes"/>. The receive loop never waits for a reader.
/// </remarks>
public sealed class ThreadFollower
{
    private readonly Lock _lock = new();
    private ThreadProgress _progress;
    private long _start;
    private readonly FrameLog _log;
    private readonly int _bufferBytes;
    private readonly List<(Func<ThreadEvent, bool> Predicate, TaskCompletionSource<ThreadEvent> Found)> _waits = [];
    private Exception? _end;
    private bool _isFollowDue;

    internal ThreadFollower(ThreadId thread, ThreadCursor after, int bufferBytes)
    {
        Thread = thread;
        _start = after.Seq;
        _bufferBytes = bufferBytes;
        _progress = new ThreadProgress(after);
        _log = new FrameLog(bufferBytes);
        Transcript = new ThreadTranscript(after.Seq);
    }

    public ThreadId Thread { get; }

    /// <summary>The <c>seq</c> of the last event taken.</summary>
    public long Cursor
    {
        get
        {
            lock (_lock)
            {
                return _progress.Cursor;
            }
        }
    }

    /// <summary>The last event taken, or where this follower began: another connection goes on from it, see <see cref="ChatConnection.FollowAsync(ThreadId, ThreadCursor, CancellationToken)"/>.</summary>
    public ThreadCursor LastEvent
    {
        get
        {
            lock (_lock)
            {
                return _progress.LastEvent;
            }
        }
    }

    /// <summary>The <c>seq</c> after which this follower began; another one, once what came before was found to be gone (<see cref="HistoryExpired"/>, <see cref="HistoryReplaced"/>).</summary>
    public long Start
    {
        get
        {
            lock (_lock)
            {
                return _start;
            }
        }
    }

    /// <summary>The thread as its frames tell it, from <see cref="Start"/>; stays empty when <see cref="ChatConnectionOptions.FollowerBufferBytes"/> is 0.</summary>
    public ThreadTranscript Transcript { get; }

    /// <summary>
    /// The follower's frames from its start: events (<see cref="ThreadEvent"/>) once and in order, between them deltas
    /// (<see cref="PartDelta"/>), each of which begins where its part ends. Ends when the thread is unfollowed or the connection was
    /// closed from this side. Every enumeration begins at the start. Where events after the cursor are not kept any more stands
    /// <see cref="HistoryExpired"/>, and where the server's log was put back to an earlier state <see cref="HistoryReplaced"/>: drop what came before, the transcript did.
    /// </summary>
    /// <exception cref="FollowerOverrunException">The reader is further behind than the buffer reaches.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good.</exception>
    /// <exception cref="ChatErrorException">The server no longer lets the thread be followed; <see cref="ErrorCode.NotFound"/> when it was deleted while there was no socket.</exception>
    /// <exception cref="ThreadDeletedException">The thread was deleted.</exception>
    /// <exception cref="ThreadGapException">The server repeatedly left something out.</exception>
    public IAsyncEnumerable<ServerFrame> Events(CancellationToken cancellationToken = default) => _log.ReadAsync(cancellationToken);

    /// <summary>The first event that matches: of those still in the buffer, or else of those to come.</summary>
    /// <param name="predicate">Called in the receive loop; must be quick and change nothing.</param>
    /// <exception cref="ChatClosedException">The connection closed, or the thread was unfollowed, before it came.</exception>
    /// <exception cref="HistoryExpiredException">It may have been among events that are not kept any more.</exception>
    /// <exception cref="HistoryReplacedException">It may have been among events that were lost when the server's log was put back.</exception>
    /// <exception cref="ThreadDeletedException">The thread was deleted before it came.</exception>
    public async Task<ThreadEvent> WaitForAsync(Func<ThreadEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        var found = new TaskCompletionSource<ThreadEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_log.Events().FirstOrDefault(predicate) is { } past)
            {
                return past;
            }

            if (_end is { } end)
            {
                throw end;
            }

            _waits.Add((predicate, found));
        }

        try
        {
            return await found.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _waits.RemoveAll(wait => wait.Found == found);
            }
        }
    }

    /// <summary>The one event that ends the run: <see cref="AgentCompleted"/>, <see cref="AgentStopped"/> or <see cref="AgentFailed"/>.</summary>
    /// <exception cref="ChatClosedException">The connection closed, or the thread was unfollowed, before it came.</exception>
    public async Task<RunEvent> WaitForRunEndAsync(RunId run, CancellationToken cancellationToken = default) =>
        (RunEvent)await WaitForAsync(
            threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed && ((RunEvent)threadEvent).RunId == run, cancellationToken);

    /// <summary>The event that ends the run that answers a message.</summary>
    /// <exception cref="ChatClosedException">The connection closed, or the thread was unfollowed, before it came.</exception>
    public async Task<RunEvent> WaitForAnswerAsync(MessageId message, CancellationToken cancellationToken = default)
    {
        var started = (AgentStarted)await WaitForAsync(threadEvent => threadEvent is AgentStarted { ParentRunId: null } begun && begun.MessageId == message, cancellationToken);
        return await WaitForRunEndAsync(started.RunId, cancellationToken);
    }

    /// <summary>A follow that says where it is waits to be sent. What comes before that is not for it: it may be of a history that its cursor is not of.</summary>
    internal bool IsFollowDue { get => Volatile.Read(ref _isFollowDue); set => Volatile.Write(ref _isFollowDue, value); }

    /// <summary>How often in a row the thread was followed again without anything new coming of it.</summary>
    internal int FruitlessFollows { get; private set; }

    internal FollowFrame ToFollowFrame(ClientFrameId id)
    {
        lock (_lock)
        {
            return new FollowFrame { Id = id, ThreadId = Thread, AfterSeq = _progress.Cursor, AfterAt = _progress.LastEvent.At, Parts = _progress.Positions };
        }
    }

    /// <returns>True when something before the frame is missing: follow again.</returns>
    internal bool Take(ServerFrame frame, int bytes)
    {
        lock (_lock)
        {
            if (_end is not null || IsFollowDue)
            {
                return false;
            }

            var (fresh, isMissing) = _progress.Take(frame);
            if (fresh is not null)
            {
                FruitlessFollows = 0;
                Keep(fresh, bytes);
            }

            return isMissing;
        }
    }

    /// <summary>What comes after the cursor is gone: drops what it has and goes on from the first event that is still there.</summary>
    internal void Expire(long beginsAt) => BeginAt(beginsAt, new HistoryExpired(Thread, beginsAt), () => new HistoryExpiredException(beginsAt));

    /// <summary>What it has belongs to a history that was replaced: drops it and begins where the present history begins.</summary>
    internal void Replace(long beginsAt) => BeginAt(beginsAt, new HistoryReplaced(Thread, beginsAt), () => new HistoryReplacedException(beginsAt));

    internal void CountFollow()
    {
        lock (_lock)
        {
            FruitlessFollows++;
        }
    }

    /// <param name="end">What waits hear.</param>
    /// <param name="isQuiet">Readers of <see cref="Events"/> just reach the end.</param>
    internal void End(Exception end, bool isQuiet)
    {
        lock (_lock)
        {
            if (_end is not null)
            {
                return;
            }

            _end = end;
            _log.End(isQuiet ? null : end);
            foreach (var wait in _waits)
            {
                wait.Found.TrySetException(end);
            }
        }
    }

    private void BeginAt(long seq, ServerFrame mark, Func<Exception> missed)
    {
        lock (_lock)
        {
            _start = seq - 1;
            _progress = new ThreadProgress(new ThreadCursor(_start));
            Transcript.Apply(mark);
            _log.Append(mark, 0);
            foreach (var wait in _waits)
            {
                wait.Found.TrySetException(missed());
            }
        }
    }

    private void Keep(ServerFrame fresh, int bytes)
    {
        if (_bufferBytes > 0)
        {
            Transcript.Apply(fresh);
        }

        _log.Append(fresh, bytes);
        if (fresh is not ThreadEvent threadEvent)
        {
            return;
        }

        foreach (var wait in _waits)
        {
            if (wait.Predicate(threadEvent))
            {
                wait.Found.TrySetResult(threadEvent);
            }
        }
    }
}
