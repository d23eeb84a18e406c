using ChatBackend.Errors;
using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>
/// The log of every thread: the truth that survives every crash. One implementation per store, all held to one contract test.
/// Every member throws <see cref="LogUnavailableException"/> when the store is full, locked or gone; nothing else is thrown for that.
/// </summary>
internal interface IEventLog
{
    /// <summary>Which log this is: one that was restored from a backup has another id. Known once the log is open.</summary>
    string LogId { get; }

    /// <summary>Takes the thread over: raises its epoch, durably, so that no earlier writer can append. Null when there is no such thread.</summary>
    Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken);

    /// <summary>
    /// Appends, durably, all of <paramref name="append"/> or nothing. Returns after the commit.
    /// Appends of one thread are taken in the order of the calls; those of different threads share a commit.
    /// </summary>
    Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken);

    /// <summary>Events after <paramref name="afterSeq"/> in order: at most <paramref name="maxEvents"/>, and no further one once <paramref name="maxBytes"/> are reached (at least one, if there is one).</summary>
    Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="maxEvents"/> events before <paramref name="beforeSeq"/>, in order.</summary>
    Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken);

    /// <summary>What was stored with the events from <paramref name="fromSeq"/> to <paramref name="toSeq"/> and is delivered to no one, in order.</summary>
    Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId thread, long fromSeq, long toSeq, CancellationToken cancellationToken);

    /// <summary>The <c>seq</c> of the thread's event that was appended under this <see cref="LogEvent.Id"/>; null when there is none (any more).</summary>
    Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken);

    /// <summary>The text of the part in flight as far as it was saved, pieces in order; empty when there is none.</summary>
    Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken);

    /// <summary>What the user's command of this id led to; null when it had no effect.</summary>
    Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken);

    /// <summary>Threads with a run or a message that waits for one: those whose <see cref="LogAppend.OpenFrom"/> is set.</summary>
    Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken);
}

/// <summary>A thread as its new writer finds it.</summary>
/// <param name="Head">The <c>seq</c> of the last event; 0 before the first.</param>
/// <param name="OpenFrom">The <c>seq</c> from which reading the log shows all open work; null when nothing is open.</param>
/// <param name="HistoryBegins">The <c>seq</c> of the first event that is still there; the one after the head when none is.</param>
/// <param name="TitleFrom">What the last append said of where the title is from; the store does not read it.</param>
internal sealed record ThreadHeader(
    ThreadId Thread, UserId Owner, long Epoch, long Head, long? OpenFrom, string? Title = null, long HistoryBegins = 1, long? TitleFrom = null);

/// <param name="Json">Exactly the bytes that go over the wire.</param>
internal readonly record struct StoredEvent(long Seq, ReadOnlyMemory<byte> Json)
{
    /// <summary>The same, where it is at hand and need not be decoded.</summary>
    public ThreadEvent? Event { get; init; }
}

/// <param name="Json">What the writer of the event with this <c>seq</c> keeps beside it; the store does not read it.</param>
internal readonly record struct StoredRecord(long Seq, ReadOnlyMemory<byte> Json);

/// <summary>One atomic append to one thread.</summary>
internal sealed record LogAppend
{
    public required ThreadId Thread { get; init; }

    /// <summary>The writer's epoch, as <see cref="IEventLog.OpenAsync"/> gave it; 1 when <see cref="NewOwner"/> is set.</summary>
    public required long Epoch { get; init; }

    /// <summary>The head that the writer knows; the first event has this plus 1. A store whose head differs refuses as it does for a stale epoch.</summary>
    public required long Head { get; init; }

    public IReadOnlyList<LogEvent> Events { get; init; } = [];

    /// <summary>Set on a thread's first append: the thread is created in the same transaction.</summary>
    public UserId? NewOwner { get; init; }

    /// <summary>Replaces the thread's <see cref="ThreadHeader.OpenFrom"/>.</summary>
    public required long? OpenFrom { get; init; }

    /// <summary>The thread's title from now on; null leaves the one it has.</summary>
    public string? Title { get; init; }

    /// <summary>Replaces the thread's <see cref="ThreadHeader.TitleFrom"/>.</summary>
    public long? TitleFrom { get; init; }

    /// <summary>What the user's list says differently from now on; null when only head and time of the thread move.</summary>
    public ListChange? Listed { get; init; }

    /// <summary>Takes the thread out of the archive, because a message was written in it.</summary>
    public bool Unarchives { get; init; }

    /// <summary>The user's command that this is the effect of.</summary>
    public CommandRecord? Command { get; init; }

    /// <summary>Another piece of the part in flight.</summary>
    public PartCheckpoint? Checkpoint { get; init; }

    /// <summary>Set when the part in flight has become durable: its pieces are dropped.</summary>
    public bool DropCheckpoints { get; init; }

    /// <summary>What the first of the events holds only the begin and the end of.</summary>
    public WholeResult? Result { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>A gap in <c>seq</c> could never be closed: the writer's mistake must not reach the store.</summary>
    /// <exception cref="ArgumentException">The events do not continue the head, or the first append of a thread is not one.</exception>
    public void ThrowIfInconsistent()
    {
        for (var i = 0; i < Events.Count; i++)
        {
            if (Events[i].Seq != Head + 1 + i)
            {
                throw new ArgumentException($"Event {i} has seq {Events[i].Seq}, but the head is {Head}.");
            }
        }

        if (NewOwner is not null && (Epoch, Head) != (1, 0))
        {
            throw new ArgumentException("A new thread starts with epoch 1 and head 0.");
        }
    }
}

/// <summary>What an append changes in its user's list of threads.</summary>
/// <param name="NeedsApproval">Whether a call waits for the user's decision.</param>
/// <param name="Agent">The agent of the last message; null leaves the one there is.</param>
/// <param name="AnswerSeq">The last event that the user should read; 0 when none is new.</param>
/// <param name="ReadSeq">The user has read up to this event; 0 when that is not known.</param>
internal readonly record struct ListChange(UserId Owner, bool NeedsApproval, string? Agent = null, long AnswerSeq = 0, long ReadSeq = 0);

/// <param name="Id">Under which <see cref="IEventLog.FindEventAsync"/> finds it, unique in its thread; null when it is not looked up.</param>
/// <param name="ReplacesAfter">Messages after this <c>seq</c> and before the event are replaced, with what answers them; null when none is.</param>
/// <param name="TakesBack">The <see cref="Id"/> of a message that is taken back; null when none is.</param>
/// <param name="Record">What is stored with it and never delivered (<see cref="IEventLog.ReadRecordsAsync"/>); empty when nothing is.</param>
internal readonly record struct LogEvent(
    long Seq, ReadOnlyMemory<byte> Json, string? Id = null, long? ReplacesAfter = null, string? TakesBack = null, ReadOnlyMemory<byte> Record = default)
{
    /// <summary>Messages that do not count from this event on, all of the thread: takes the place of all that earlier events said of it. Null leaves that as it is.</summary>
    public IReadOnlyList<MessageSpan>? Uncounted { get; init; }
}

/// <summary>A user's command that had an effect. Unique by user and id, in the transaction of the effect.</summary>
/// <param name="Digest">SHA-256 over what the command says; tells a retry from another command under the same id.</param>
/// <param name="Ack">The <c>ack</c> frame it was answered with, as JSON.</param>
internal sealed record CommandRecord(UserId User, ClientFrameId Id, ReadOnlyMemory<byte> Digest, ReadOnlyMemory<byte> Ack);

/// <summary>A piece of a part in flight. Pieces of one part follow one another without a gap.</summary>
internal sealed record PartCheckpoint(RunId Run, PartId Part, PartKind Kind, int Offset, string Text);

/// <summary>What became of an append.</summary>
internal abstract record AppendResult
{
    private AppendResult()
    {
    }

    /// <summary>Committed.</summary>
    public sealed record Appended : AppendResult
    {
        public static readonly Appended Instance = new();
    }

    /// <summary>Nothing was written: the thread has another writer by now, or the head is not where this one believes it.</summary>
    public sealed record Fenced : AppendResult
    {
        public static readonly Fenced Instance = new();
    }

    /// <summary>Nothing was written: the user's command of this id took effect before.</summary>
    public sealed record CommandKnown(CommandRecord Earlier) : AppendResult;
}

/// <summary>The store is full, locked or gone. Whether a pending append took effect is not known: <see cref="IEventLog.OpenAsync"/> again before the next one.</summary>
internal class LogUnavailableException(string message, Exception? inner = null) : Exception(message, inner), IReportedException;

/// <summary>The search index cannot be asked at the moment. It says nothing about the log.</summary>
internal sealed class SearchUnavailableException(string message, Exception? inner = null) : LogUnavailableException(message, inner);
