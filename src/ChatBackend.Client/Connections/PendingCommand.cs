using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>A command that waits to be sent or answered; or a follow, of a thread or of the list of threads, whose frame says how far it is when it is sent.</summary>
internal sealed class PendingCommand
{
    private readonly byte[] _encoded = [];
    private readonly Backoff _pauses = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10));

    public PendingCommand(ClientCommand command)
        : this(command, WireJson.Encode(command))
    {
    }

    public PendingCommand(ThreadFollower follower)
    {
        Follower = follower;
        Follower.IsFollowDue = true;
        Observe(Answer.Task); // a follow that was begun here may have no waiter; the follower is told of its failure
    }

    public PendingCommand(ThreadList list)
    {
        List = list;
        Observe(Answer.Task);
    }

    private PendingCommand(ClientCommand command, byte[] encoded)
    {
        (Command, Id) = (command, command.Id);
        _encoded = encoded;
        Bytes = encoded.Length;
    }

    public ClientCommand? Command { get; }

    public ThreadFollower? Follower { get; }

    /// <summary>Set for the follow of the list of threads.</summary>
    public ThreadList? List { get; }

    /// <summary>A follow has no effect that is kept, so each sending has an id of its own.</summary>
    public ClientFrameId Id { get; private set; }

    /// <summary>What it takes on the wire; of a follow, what it took the last time.</summary>
    public int Bytes { get; private set; }

    public bool IsSent
    {
        get;
        set
        {
            field = value;
            Follower?.IsFollowDue = !value;
        }
    }

    /// <summary>False until the caller's store has it, if there is one; it is not sent before.</summary>
    public bool IsSaved { get; set; } = true;

    /// <summary>Timestamp before which it is not sent.</summary>
    public long DueAt { get; set; }

    /// <summary>The server has asked to repeat it later, at least once.</summary>
    public bool WasDeferred { get; private set; }

    public TaskCompletionSource<Ack?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Of a command that is in the caller's store: its answer, once the store has forgotten it.</summary>
    public Task<Ack?>? Outcome { get; private set; }

    /// <summary>An earlier process sent it.</summary>
    public bool IsRestored { get; private init; }

    /// <summary>What an earlier process sent, byte for byte; answered already when it was refused then.</summary>
    /// <exception cref="InvalidDataException">It is not a command.</exception>
    public static PendingCommand Restore(StoredSend stored)
    {
        var encoded = Encoding.UTF8.GetBytes(stored.Json);
        if (ClientFrameReader.Read(encoded).Frame is not ClientCommand command || command.Id != stored.Id || !TakesEffectOnce(command))
        {
            throw new InvalidDataException($"{stored.Id} of the store is not a command that takes effect once.");
        }

        var restored = new PendingCommand(command, encoded) { IsRestored = true };
        if (stored.Refusal is { } refusal)
        {
            restored.Answer.SetException(new ChatErrorException(RefusalOf(stored.Id, refusal)));
        }

        return restored;
    }

    public static bool TakesEffectOnce(ClientCommand command) => command is ChatFrame or StopFrame or DecideFrame or SelectBranchFrame or FeedbackFrame;

    public StoredSend ToStored(Error? refusal = null) =>
        new(Id, Encoding.UTF8.GetString(_encoded), refusal is null ? null : Encoding.UTF8.GetString(WireJson.Encode(refusal)));

    public bool SaysTheSameAs(PendingCommand other) => _encoded.AsSpan().SequenceEqual(other._encoded);

    /// <summary>Two commands of one thread take effect in the order they were sent; one that must wait holds up the other.</summary>
    public bool HoldsUp(PendingCommand later) => ThreadOf(Command) is { } thread && ThreadOf(later.Command) == thread;

    /// <returns>How long to wait before it is sent again.</returns>
    public TimeSpan RefuseForNow(TimeSpan? retryAfter)
    {
        WasDeferred = true;
        var wait = _pauses.Next();
        return retryAfter > wait ? retryAfter.Value : wait;
    }

    public Task<Ack?> Becomes(Task<Ack?> outcome)
    {
        Observe(outcome); // the caller may have given up
        return Outcome = outcome;
    }

    public byte[] Encode()
    {
        if (Follower is null && List is null)
        {
            return _encoded;
        }

        Id = ClientFrameId.New();
        var follow = WireJson.Encode(Follower?.ToFollowFrame(Id) ?? (ClientFrame)List!.ToFollowFrame(Id));
        Bytes = follow.Length;
        return follow;
    }

    private static Error RefusalOf(ClientFrameId id, string json)
    {
        try
        {
            return WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(json)) as Error ?? throw new JsonException("It is not an error frame.");
        }
        catch (JsonException ex)
        {
            throw new InvalidDataException($"What {id} of the store was refused with cannot be read.", ex);
        }
    }

    private static ThreadId? ThreadOf(ClientCommand? command) => command switch
    {
        ChatFrame chat => chat.ThreadId,
        StopFrame stop => stop.ThreadId,
        DecideFrame decide => decide.ThreadId,
        SelectBranchFrame branch => branch.ThreadId,
        FeedbackFrame feedback => feedback.ThreadId,
        UnfollowFrame unfollow => unfollow.ThreadId,
        MarkReadFrame read => read.ThreadId,
        _ => null,
    };

    private static void Observe(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
