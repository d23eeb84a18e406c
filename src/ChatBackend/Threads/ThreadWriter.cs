using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;

namespace ChatBackend.Threads;

/// <summary>
/// Appends to one thread: one append at a time. State changes only after the commit, so an append that
/// failed changed nothing; where its outcome is unknown, the thread is opened again, under a new epoch, before the next.
/// </summary>
internal sealed class ThreadWriter(ThreadId thread, IEventLog log, ThreadPublisher publisher, TimeProvider clock)
{
    private const int PageEvents = 512;
    private const int PageBytes = 1024 * 1024;

    private readonly SemaphoreSlim _entry = new(1, 1);
    private long _epoch;
    private bool _isOpen;

    /// <summary>Null before the thread is opened, and when there is no such thread.</summary>
    public ThreadState? State { get; private set; }

    /// <summary>The thread has another writer: nothing this one knows or does counts any more.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>No event after this one has something that is stored with it and not delivered (<see cref="LogEvent.Record"/>).</summary>
    public long LastRecord { get; private set; }

    /// <summary>Of the last append, a run's start and the message before it: the run that begins with it is about to be shown them.</summary>
    public IReadOnlyList<ThreadEvent> Starting { get; private set; } = [];

    /// <summary>The thread was deleted here.</summary>
    public bool IsDeleted { get; private set; }

    public async Task<Section> EnterAsync()
    {
        await _entry.WaitAsync();
        return new Section(_entry);
    }

    /// <exception cref="ProtocolException">There is no such thread, or it is not the user's.</exception>
    public ThreadState OwnedBy(UserId user) => IsOwnedBy(user) ? State! : throw ProtocolException.NotFound();

    public bool IsOwnedBy(UserId user) => State?.Owner == user;

    /// <summary>Takes the thread over, unless that is done. Under the lock.</summary>
    /// <returns>Whether the thread was opened by this call.</returns>
    /// <exception cref="LogUnavailableException"/>
    public async Task<bool> OpenAsync()
    {
        if (_isOpen)
        {
            return false;
        }

        var header = await log.OpenAsync(thread, CancellationToken.None);
        if (header is null)
        {
            State = null;
            return false;
        }

        var known = State;
        // The last event is read in any case: it shows that the log ends where its head says.
        var from = Math.Max(Math.Min(header.OpenFrom ?? header.Head, header.Head), header.HistoryBegins) - 1;
        var state = known ?? new ThreadState { Owner = header.Owner, Head = from, Title = header.Title, TitleFrom = header.TitleFrom };
        var missed = new List<EncodedEvent>();
        while (state.Head < header.Head)
        {
            var page = await log.ReadAsync(thread, state.Head, PageEvents, PageBytes, CancellationToken.None);
            if (page.Count == 0)
            {
                throw new UnreadableThreadException(thread, state.Head + 1, $"it is missing; the head is {header.Head}.");
            }

            var events = page.DecodedAfter(state.Head, thread);
            for (var i = 0; i < events.Count; i++)
            {
                state = state.Apply(events[i]);
                missed.Add(new EncodedEvent(page[i].Seq, page[i].Json.ToArray(), EndsPart(events[i])));
            }
        }

        if (known is null)
        {
            publisher.Reset(header.Head);
        }
        else
        {
            // An append whose outcome was unknown did take effect.
            publisher.Publish(missed.ToArray());
        }

        (_epoch, _isOpen, State, LastRecord) = (header.Epoch, true, state, header.Head);
        return true;
    }

    /// <summary>Commits the events, applies them and publishes them, or does nothing of it. Under the lock, on an open thread or one yet to create.</summary>
    /// <param name="drafts">Events without thread, place and time.</param>
    /// <param name="creator">Set to create the thread.</param>
    /// <param name="result">What the first of the events holds only the begin and the end of.</param>
    /// <param name="record">What is stored with one of the events and not delivered.</param>
    /// <param name="uncounted">With a <see cref="BranchSelected"/>: all places whose messages do not count after it, those that were taken back among them.</param>
    /// <exception cref="LogUnavailableException"/>
    public async Task<AppendResult> AppendAsync(
        IReadOnlyList<ThreadEvent> drafts,
        CommandRecord? command = null,
        PartCheckpoint? checkpoint = null,
        UserId? creator = null,
        WholeResult? result = null,
        KeptRecord? record = null,
        IReadOnlyList<MessageSpan>? uncounted = null)
    {
        var at = Now();
        var next = State ?? new ThreadState { Owner = creator!.Value, Head = 0 };
        var head = next.Head;
        var events = new ThreadEvent[drafts.Count];
        var encoded = new EncodedEvent[drafts.Count];
        var logged = new LogEvent[drafts.Count];
        for (var i = 0; i < drafts.Count; i++)
        {
            var threadEvent = events[i] = drafts[i] with { ThreadId = thread, Seq = head + 1 + i, At = at };
            next = next.Apply(threadEvent);
            encoded[i] = new EncodedEvent(threadEvent.Seq, WireJson.Encode(threadEvent), EndsPart(threadEvent));
            logged[i] = new LogEvent(threadEvent.Seq, encoded[i].Json, IdOf(threadEvent), (threadEvent as ThreadRewound)?.ToSeq, (threadEvent as MessageRemoved)?.MessageId.Value)
            {
                Record = record is { } kept && kept.Index == i ? kept.Json : default,
                Uncounted = threadEvent is BranchSelected ? uncounted : null,
            };
        }

        var append = new LogAppend
        {
            Thread = thread,
            Epoch = creator is null ? _epoch : 1,
            Head = head,
            Events = logged,
            NewOwner = creator,
            OpenFrom = next.OpenFrom,
            Command = command,
            Checkpoint = checkpoint,
            Result = result,
            Title = drafts.OfType<ThreadRenamed>().LastOrDefault()?.Title,
            TitleFrom = next.TitleFrom,
            Listed = ListedThread.Change(State, next, events),
            Unarchives = drafts.Any(draft => draft is UserMessage),
            DropCheckpoints = encoded.Any(threadEvent => threadEvent.EndsPart),
            At = at,
        };

        AppendResult appended;
        try
        {
            appended = await log.AppendAsync(append, CancellationToken.None);
        }
        catch
        {
            _isOpen = false; // its outcome is not known
            throw;
        }

        if (appended is AppendResult.Appended)
        {
            if (creator is not null)
            {
                (_epoch, _isOpen) = (1, true);
            }

            State = next;
            Starting = Array.Exists(events, written => written is AgentStarted) ? [.. events.Where(written => written is UserMessage or AgentStarted)] : [];
            LastRecord = record is { Index: var with } ? head + 1 + with : LastRecord;
            publisher.Publish(encoded);
        }

        IsFenced |= appended is AppendResult.Fenced;
        return appended;
    }

    /// <summary>Takes the thread away, fenced as an append is. Under the lock. Nothing of it is read, so that one that cannot be read goes, too.</summary>
    /// <returns>False when the thread has another writer.</returns>
    /// <exception cref="ProtocolException">There is no such thread, or it is not the user's.</exception>
    /// <exception cref="LogUnavailableException"/>
    public async Task<bool> DeleteAsync(IThreadStore store, UserId user)
    {
        if (!_isOpen)
        {
            var header = await log.OpenAsync(thread, CancellationToken.None);
            _epoch = header?.Owner == user ? header.Epoch : throw ProtocolException.NotFound();
        }
        else
        {
            OwnedBy(user);
        }

        try
        {
            IsDeleted = await store.DeleteAsync(thread, _epoch, CancellationToken.None);
        }
        catch
        {
            _isOpen = false;
            throw;
        }

        State = IsDeleted ? null : State;
        IsFenced |= !IsDeleted;
        return IsDeleted;
    }

    /// <summary>The time of the next event: what the clock says, but never before the last one.</summary>
    public DateTimeOffset Now()
    {
        var now = clock.GetUtcNow();
        return State is { LastAt: var last } && last > now ? last : now;
    }

    private static bool EndsPart(ThreadEvent threadEvent) => threadEvent is AgentPart or AgentCompleted or AgentStopped or AgentFailed;

    /// <summary>What a later command may name the event by.</summary>
    private static string? IdOf(ThreadEvent threadEvent) => threadEvent switch
    {
        UserMessage message => message.MessageId.Value,
        ApprovalRequired approval => approval.CallId.Value,
        _ => null,
    };

    /// <param name="Index">Of its event, in the append.</param>
    public readonly record struct KeptRecord(int Index, ReadOnlyMemory<byte> Json);

    public readonly struct Section(SemaphoreSlim entry) : IDisposable
    {
        public void Dispose() => entry.Release();
    }
}
