using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>
/// A device of a user that keeps to the protocol's chapter on resuming, written without the client library: over all its sockets it
/// follows from its cursors and sends what was not answered again. What it is sent goes to its ledgers as it came.
/// </summary>
internal sealed partial class Tab : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Uri _server;
    private readonly GuestSession _guest;
    private readonly Evidence _evidence;
    private readonly SendLedger _sends;
    private readonly Random _dice;
    private readonly Dictionary<ThreadId, Following> _followed = [];
    private readonly OrderedDictionary<ClientFrameId, Pending> _pending = [];
    private readonly CancellationTokenSource _leaving = new();
    private readonly Task _living;

    /// <param name="name">Names it where a promise was broken.</param>
    public Tab(string name, Uri server, GuestSession guest, Evidence evidence, SendLedger sends, Random dice)
    {
        Name = name;
        (_server, _guest, _evidence, _sends, _dice) = (server, guest, evidence, sends, dice);
        _living = LiveAsync();
    }

    public string Name { get; }

    public IReadOnlyList<ThreadId> Followed
    {
        get
        {
            lock (_lock)
            {
                return [.. _followed.Keys];
            }
        }
    }

    /// <summary>Tool calls that wait for somebody's decision.</summary>
    public IReadOnlyList<ApprovalRequired> Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _followed.Values.Select(following => following.Asks).OfType<ApprovalRequired>()];
            }
        }
    }

    /// <summary>Sends a command until it is answered for good, and returns the <see cref="Ack"/> or the <see cref="Error"/>.</summary>
    public async Task<ServerFrame> SendAsync(ClientCommand command)
    {
        while (true)
        {
            var answer = await RequestApprovalAsync(command);
            if (answer is not Error { Code: ErrorCode.Unavailable or ErrorCode.RateLimited } later)
            {
                return answer;
            }

            await PauseAsync(later.RetryAfterMs ?? 0); // what the server asked for
        }
    }

    /// <summary>A message: what becomes of it is in the evidence.</summary>
    public async Task<ServerFrame> ChatAsync(ChatFrame message)
    {
        _sends.Sending(message);
        var answer = await SendAsync(message);
        if (answer is Error)
        {
            _sends.Refused(message.Id);
        }

        return answer;
    }

    public async Task<ServerFrame> DecideAsync(DecideFrame decision)
    {
        var answer = await SendAsync(decision);
        if (answer is Ack ack)
        {
            _sends.Decided(decision, ack);
        }

        return answer;
    }

    /// <summary>Follows a thread and returns when it has caught up; one that is followed is left first, and followed again from the cursor.</summary>
    public async Task FollowAsync(ThreadId thread, long afterSeq)
    {
        Task caughtUp;
        lock (_lock)
        {
            if (_followed.TryGetValue(thread, out var known))
            {
                var next = known.Next;
                if (next is null)
                {
                    known.Next = next = New(thread, afterSeq);
                    if (known.Leaving is null)
                    {
                        Unfollow(thread);
                    }

                    Transmit(next.Frame());
                }

                caughtUp = next.CaughtUp.Task;
            }
            else
            {
                var following = _followed[thread] = New(thread, afterSeq);
                caughtUp = following.CaughtUp.Task;
                Transmit(following.Frame());
            }
        }

        await WithinPatienceAsync(caughtUp, $"caught_up of {thread} after {afterSeq}");
    }

    /// <summary>Returns when the server has said that nothing of the thread comes any more.</summary>
    public async Task UnfollowAsync(ThreadId thread)
    {
        Task left;
        lock (_lock)
        {
            if (!_followed.TryGetValue(thread, out var known) || known.Leaving is not null)
            {
                return;
            }

            left = known.Left.Task;
            Unfollow(thread);
        }

        await WithinPatienceAsync(left, $"ack of unfollow {thread}");
    }

    /// <summary>Until a message has come to its end in what this tab is sent: the run that answers it or took it in is over, or none will.</summary>
    public async Task EndOfAsync(Ack message)
    {
        Task ended;
        lock (_lock)
        {
            if (!_followed.TryGetValue(message.ThreadId!.Value, out var following))
            {
                return;
            }

            ended = following.EndOf(message.MessageId!.Value);
        }

        await WithinPatienceAsync(ended, $"end of {message.MessageId} in {message.ThreadId}");
    }

    /// <summary>Gone, with or without a word; what was not answered is not asked again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _living;
        lock (_lock)
        {
            foreach (var following in _followed.Values)
            {
                Forget(following);
            }

            foreach (var pending in _pending.Values)
            {
                pending.Answer.TrySetCanceled();
            }
        }
    }

    private async Task<ServerFrame> RequestApprovalAsync(ClientCommand command)
    {
        var pending = new Pending(command);
        lock (_lock)
        {
            if (!_pending.TryAdd(command.Id, pending))
            {
                throw new InvalidOperationException($"{Name} asks {command.Id} twice at a time.");
            }

            Transmit(command);
        }

        return await WithinPatienceAsync(pending.Answer.Task, $"answer to {command.GetType().Name} {command.Id}");
    }

    private async Task<T> WithinPatienceAsync<T>(Task<T> what, string name)
    {
        await WithinPatienceAsync((Task)what, name);
        return await what;
    }

    private async Task WithinPatienceAsync(Task what, string name)
    {
        try
        {
            await what.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} waits for {name}; {Describe()}");
        }
    }

    private string Describe()
    {
        lock (_lock)
        {
            return $"{(_socket is null ? "no socket" : $"socket {_sockets}, {_received} frames on it")}, {_pending.Count} commands, "
                + string.Join(' ', _followed.Select(thread => $"{thread.Key}@{thread.Value.Ledger.Cursor}"));
        }
    }

    private Following New(ThreadId thread, long cursor) => new(new FollowerLedger(thread, cursor, what => _evidence.Broken(Name, what)));

    private void Unfollow(ThreadId thread)
    {
        if (_socket is null)
        {
            Leave(thread, _followed[thread]); // nothing is followed where no socket is
            return;
        }

        var frame = new UnfollowFrame { Id = ClientFrameId.New(), ThreadId = thread };
        _followed[thread].Leaving = frame.Id;
        Transmit(frame);
    }

    private void Forget(Following following)
    {
        _evidence.Saw(following.Ledger);
        following.End();
    }

    private sealed record Pending(ClientCommand Command)
    {
        public TaskCompletionSource<ServerFrame> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
