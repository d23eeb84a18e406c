using System.Threading.Channels;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>
/// What waits to be sent or for its answer, in order, across sockets. A command stays until it is answered; on a new socket
/// follows come first, then every command without an answer, again in order and with the same id.
/// </summary>
/// <param name="retriesRefused">A command that the server cannot take at the moment is sent again later, instead of being answered with the error.</param>
internal sealed partial class CommandQueue(TimeProvider clock, int maxWaiting, PersistentSendQueue? sendQueue, bool retriesRefused)
{
    private readonly Lock _lock = new();
    private readonly Queue<PingFrame> _pings = new();
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private List<PendingCommand> _waiting = [];
    private SendWindow? _window; // null while there is no socket
    private Exception? _end;

    /// <exception cref="InvalidOperationException">Too many wait already.</exception>
    public async Task<Ack?> AddAsync(ClientCommand command, CancellationToken cancellationToken)
    {
        var entry = new PendingCommand(command);
        lock (_lock)
        {
            if (_end is { } end)
            {
                throw end;
            }

            if (sendQueue is not null && PendingCommand.TakesEffectOnce(command) && _waiting.Find(waiting => waiting.Command?.Id == command.Id) is { } same)
            {
                entry = same.SaysTheSameAs(entry) ? same : throw IdConflict(command);
            }
            else if (_waiting.Count >= maxWaiting)
            {
                throw new InvalidOperationException($"{maxWaiting} commands wait for their answer already.");
            }
            else
            {
                _waiting.Add(entry);
                if (sendQueue is not null && PendingCommand.TakesEffectOnce(command))
                {
                    entry.IsSaved = false;
                    entry.Becomes(SaveAndAnswerAsync(entry, sendQueue));
                }
            }
        }

        Signal();
        return entry.Outcome is { } outcome ? await outcome.WaitAsync(cancellationToken) : await AnswerAsync(entry, cancellationToken);
    }

    /// <summary>What an earlier process left unanswered. Before anything else is sent.</summary>
    /// <exception cref="InvalidDataException">The store holds something else.</exception>
    public IReadOnlyList<RestoredSend> Restore(IReadOnlyList<StoredSend> stored, PersistentSendQueue sendQueue)
    {
        List<PendingCommand> entries = [.. stored.Select(PendingCommand.Restore)];
        lock (_lock)
        {
            _waiting.AddRange(entries.Where(entry => !entry.Answer.Task.IsCompleted));
        }

        return
        [
            .. entries.Select(entry => new RestoredSend(
                entry.Command!, AckOfAsync(entry.Becomes(entry.Answer.Task.IsCompleted ? entry.Answer.Task : sendQueue.AnswerAsync(entry))))),
        ];
    }

    public void Ping(PingFrame ping)
    {
        lock (_lock)
        {
            _pings.Enqueue(ping);
        }

        Signal();
    }

    /// <summary>A socket is there. Everything is to be sent on it.</summary>
    /// <param name="followers">Asked for here, in the lock: a thread that is followed at this very moment is among them or waits already, and is sent either way.</param>
    public void Begin(SendWindow window, Func<IEnumerable<ThreadFollower>> followers)
    {
        lock (_lock)
        {
            _window = window;
            var follows = _waiting.Where(waiting => waiting.Follower is not null || waiting.List is not null).ToList();
            follows.AddRange(followers().Where(follower => !follows.Exists(waiting => waiting.Follower == follower)).Select(follower => new PendingCommand(follower)));
            if (_list is { IsDisposed: false } list && !follows.Exists(waiting => waiting.List == list))
            {
                follows.Add(new PendingCommand(list));
            }

            _waiting = [.. follows, .. _waiting.Where(waiting => waiting.Follower is null && waiting.List is null)];
            foreach (var entry in _waiting)
            {
                entry.IsSent = false;
                entry.DueAt = 0;
            }
        }

        Signal();
    }

    /// <summary>The socket is gone, and with it what only it knew: it follows nothing any more.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            _window = null;
            _pings.Clear();
            foreach (var entry in _waiting.Where(waiting => waiting.Command is UnfollowFrame or UnfollowThreadsFrame))
            {
                entry.Answer.TrySetResult(null);
            }

            _waiting.RemoveAll(waiting => waiting.Command is UnfollowFrame or UnfollowThreadsFrame);
        }
    }

    /// <summary>The next frame to send, if there is one by now; else how long until one is due, if one will be without a signal.</summary>
    public byte[]? Next(out TimeSpan? due)
    {
        due = null;
        lock (_lock)
        {
            if (_window is not { } window)
            {
                return null;
            }

            if (_pings.TryDequeue(out var ping))
            {
                return WireJson.Encode(ping);
            }

            if (window.Next(_waiting, clock, out due) is not { } next)
            {
                return null;
            }

            var frame = next.Encode();
            next.IsSent = true; // after it is said where a follower is: from here on that one takes what comes
            return frame;
        }
    }

    /// <summary>Ends when something may have become due to be sent.</summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        await _changed.Reader.WaitToReadAsync(cancellationToken);
        _changed.Reader.TryRead(out _);
    }

    public void Signal() => _changed.Writer.TryWrite(true);

    /// <param name="before">What follows from the answer; done before the caller that waits for it is told.</param>
    public void Answer(Ack ack, Action<ClientCommand> before) => Take(
        waiting => waiting.IsSent && waiting.Command?.Id == ack.Id,
        entry =>
        {
            before(entry.Command!);
            entry.Answer.TrySetResult(ack);
        });

    /// <summary>The follower whose follow was refused; null when it was another command's error.</summary>
    public ThreadFollower? Refuse(Error error)
    {
        if (retriesRefused && error.Code is ErrorCode.Unavailable or ErrorCode.RateLimited && IsPutOff(error))
        {
            return null;
        }

        if (IsOfList(error))
        {
            return null;
        }

        if (BeginsAgain(error) && FollowerOf(error) is { } follower)
        {
            return follower; // its follow is answered when it has caught up from elsewhere
        }

        return Take(waiting => waiting.IsSent && waiting.Id == error.Id, entry => entry.Answer.TrySetException(new ChatErrorException(error)))?.Follower;
    }

    /// <summary>Ends, never fails, when the store has all that it was told.</summary>
    public Task SettledAsync() => sendQueue?.SettledAsync() ?? Task.CompletedTask;

    public void End(Exception end)
    {
        lock (_lock)
        {
            _end = end;
            _list?.End(end is ChatClosedException { End.IsOurs: true } ? null : end);
            foreach (var entry in _waiting)
            {
                entry.Answer.TrySetException(end);
            }

            _waiting.Clear();
        }
    }

    private async Task<Ack?> AnswerAsync(PendingCommand entry, CancellationToken cancellationToken)
    {
        try
        {
            return await entry.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(entry);
            }

            Signal();
        }
    }

    private async Task<Ack?> SaveAndAnswerAsync(PendingCommand entry, PersistentSendQueue kept)
    {
        try
        {
            await kept.SaveAsync(entry);
        }
        catch
        {
            lock (_lock)
            {
                _waiting.Remove(entry);
            }

            Signal();
            throw;
        }

        lock (_lock)
        {
            entry.IsSaved = true;
        }

        Signal();
        return await kept.AnswerAsync(entry);
    }

    private bool IsPutOff(Error error)
    {
        lock (_lock)
        {
            if (_waiting.Find(waiting => waiting is { IsSent: true, Command: not null } && waiting.Id == error.Id) is not { } entry)
            {
                return false;
            }

            var wait = entry.RefuseForNow(error.RetryAfterMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null);
            entry.DueAt = TimestampIn(wait);
            entry.IsSent = false;
        }

        Signal();
        return true;
    }

    private long TimestampIn(TimeSpan time) => clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);

    private static async Task<Ack> AckOfAsync(Task<Ack?> outcome) => (await outcome)!;

    private static ChatErrorException IdConflict(ClientCommand command) =>
        new(new Error { Code = ErrorCode.IdConflict, Message = $"{command.Id} waits for its answer already and says something else." });

    private PendingCommand? Take(Predicate<PendingCommand> isIt, Action<PendingCommand> answer)
    {
        PendingCommand? entry;
        lock (_lock)
        {
            entry = _waiting.Find(isIt);
            if (entry is null)
            {
                return null;
            }

            _waiting.Remove(entry);
        }

        answer(entry);
        Signal();
        return entry;
    }
}
