using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>A command that waits to be sent or answered; or a follow, whose frame says how far the follower is when it is sent.</summary>
internal sealed class Waiting
{
    public Waiting(ClientCommand command) => (Command, Id) = (command, command.Id);

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

    public bool IsSent { get; set; }

    /// <summary>Timestamp before which it is not sent.</summary>
    public long DueAt { get; set; }

    public TaskCompletionSource<Ack?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClientFrame ToFrame()
    {
        if (Command is { } command)
        {
            return command;
        }

        Id = ClientFrameId.New();
        return Follower!.ToFollowFrame(Id);
    }
}
