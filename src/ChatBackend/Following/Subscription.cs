using ChatBackend.Protocol;

namespace ChatBackend.Following;

/// <summary>One connection's following of one thread, until it is ended.</summary>
internal sealed class Subscription(ThreadSubscriptions threads, ThreadId thread, ThreadSubscription followed, Follower follower)
{
    /// <summary>The thread is deleted, and its followers have been told.</summary>
    public bool IsOver => follower.State == FollowerState.Left;

    /// <summary>The awaited thread was created.</summary>
    public Task CreatedAsync(UserId owner) => followed.StartNewAsync(owner);

    /// <summary>Delivers nothing of this thread until released: an <c>ack</c> goes before what it caused.</summary>
    public void Hold() => followed.Fanout.Hold(follower);

    public void Release() => followed.Fanout.Release(follower);

    public async Task EndAsync()
    {
        try
        {
            await followed.Fanout.LeaveAsync(follower);
        }
        finally
        {
            await threads.ExitAsync(thread, followed);
        }
    }
}
