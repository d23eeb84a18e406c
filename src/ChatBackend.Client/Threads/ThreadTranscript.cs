using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// A thread as its frames tell it. Takes the frames of one thread in any overlap: what it has is dropped, text is placed by its
/// position, a gap is reported. Needs no connection. Safe to read while another thread applies; it holds the whole thread in memory.
/// </summary>
/// <param name="afterSeq">The <c>seq</c> after which the transcript begins; 0 for the whole thread.</param>
public sealed class ThreadTranscript(long afterSeq = 0)
{
    private readonly Lock _lock = new();
    private ThreadProgress _progress = new(new ThreadCursor(afterSeq));
    private readonly TranscriptBuilder _draft = new();

    /// <summary>The <c>seq</c> of the last event.</summary>
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

    /// <summary>The last event, as <see cref="ChatConnection.FollowAsync(ThreadId, ThreadCursor, CancellationToken)"/> goes on from it.</summary>
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

    /// <summary>How often all that stood here was dropped because the server's log had been put back to an earlier state (<see cref="HistoryReplaced"/>).</summary>
    public int Replacements { get; private set; }

    /// <summary>The thread's name, once it was given one.</summary>
    public string? Title
    {
        get
        {
            lock (_lock)
            {
                return _draft.Title;
            }
        }
    }

    /// <summary>Messages and runs in the order they began, as they are at this moment; what was replaced among them, and marked.</summary>
    public IReadOnlyList<TranscriptEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return _draft.ToEntries();
            }
        }
    }

    /// <summary>A run as it is at this moment; null when no frame spoke of it.</summary>
    public RunEntry? Run(RunId run)
    {
        lock (_lock)
        {
            return _draft.Run(run);
        }
    }

    /// <summary>The versions of a message that are here, itself among them, in the order they were written: those that took its place, and those whose place it took. At most one is not replaced. Empty for a message that is not here.</summary>
    public IReadOnlyList<MessageId> VersionsOf(MessageId message)
    {
        lock (_lock)
        {
            return _draft.VersionsOf(message);
        }
    }

    /// <summary>Applies a frame of this thread; frames of other threads are the caller's to keep away.</summary>
    public TranscriptChange Apply(ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        lock (_lock)
        {
            switch (frame)
            {
                case HistoryExpired expired:
                    return BeginAt(expired.BeginsAt);
                case HistoryReplaced replaced:
                    Replacements++;
                    return BeginAt(replaced.BeginsAt);
            }

            var (fresh, isMissing) = _progress.Take(frame);
            if (fresh is null)
            {
                return isMissing ? TranscriptChange.Missing : TranscriptChange.AlreadyKnown;
            }

            _draft.Apply(fresh);
            return TranscriptChange.Applied;
        }
    }

    private TranscriptChange BeginAt(long seq)
    {
        _progress = new ThreadProgress(new ThreadCursor(seq - 1));
        _draft.Clear();
        return TranscriptChange.Applied;
    }
}
