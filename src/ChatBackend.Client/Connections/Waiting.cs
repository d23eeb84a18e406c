using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>A command that waits to be sent or answered; or a follow, whose frame says how far the follower is when it is sent.</summary>
internal sealed class Waiting
{
    private readonly byte[] _encoded = [];

    public Waiting(ClientCommand command)
    {
        (Command, Id) = (command, command.Id);
        _encoded = WireJson.Encode(command);
        Bytes = _encoded.Length;
    }

    public Waiting(ThreadFollower follower)
    {
        Follower = follower;
        // Nobody may be waiting for a follow that was begun from here; its failure is told to the follower.
        _ = Answer.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public ClientCommand? Command { get; }

    public ThreadFollower? Follower { get; }

    /// <summary>A follow has no effect that is kept, so each sending has an id of its own.</summary>
    public ClientFrameId Id { get; private set; }

    /// <summary>What it takes on the wire; of a follow, what it took the last time.</summary>
    public int Bytes { get; private set; }

    public bool IsSent { get; set; }

    /// <summary>Timestamp before which it is not sent.</summary>
    public long DueAt { get; set; }

    public TaskCompletionSource<Ack?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] Encode()
    {
        if (Follower is null)
        {
            return _encoded;
        }

        Id = ClientFrameId.New();
        var follow = WireJson.Encode(Follower.ToFollowFrame(Id));
        Bytes = follow.Length;
        return follow;
    }
}
