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
    private readonly ThreadProgress _progress = new(afterSeq);
    private readonly List<object> _entries = []; // UserEntry or RunDraft
    private readonly Dictionary<RunId, RunDraft> _runs = [];
    private string? _title;

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

    /// <summary>The thread's name, once it was given one.</summary>
    public string? Title
    {
        get
        {
            lock (_lock)
            {
                return _title;
            }
        }
    }

    /// <summary>Messages and runs in the order they began, as they are at this moment.</summary>
    public IReadOnlyList<TranscriptEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries.Select(entry => entry is RunDraft run ? run.ToEntry() : (TranscriptEntry)entry)];
            }
        }
    }

    /// <summary>A run as it is at this moment; null when no frame spoke of it.</summary>
    public RunEntry? Run(RunId run)
    {
        lock (_lock)
        {
            return _runs.GetValueOrDefault(run)?.ToEntry();
        }
    }

    /// <summary>Applies a frame of this thread; frames of other threads are the caller's to keep away.</summary>
    public TranscriptChange Apply(ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        lock (_lock)
        {
            var (fresh, isMissing) = _progress.Take(frame);
            switch (fresh)
            {
                case null:
                    return isMissing ? TranscriptChange.Missing : TranscriptChange.AlreadyKnown;
                case UserMessage message:
                    _entries.Add(new UserEntry(message.MessageId, message.Content, message.ClientId, message.Seq, message.At));
                    break;
                case ThreadRenamed renamed:
                    _title = renamed.Title;
                    break;
                case RunEvent happened:
                    RunOf(happened.RunId).Apply(happened);
                    break;
                case PartDelta delta:
                    RunOf(delta.RunId).Apply(delta);
                    break;
            }

            return TranscriptChange.Applied;
        }
    }

    private RunDraft RunOf(RunId id)
    {
        if (!_runs.TryGetValue(id, out var run))
        {
            _runs[id] = run = new RunDraft(id);
            _entries.Add(run);
        }

        return run;
    }
}
