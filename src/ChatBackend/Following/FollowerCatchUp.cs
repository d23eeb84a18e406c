using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Following;

/// <summary>
/// Brings followers to where their thread is live, in steps: each waits until the connection has room, and between two of them every other follower
/// is served. Holds no page while it waits.
/// </summary>
internal sealed partial class FollowerCatchUp(ThreadId thread, ThreadReplica replica, LogPages pages, IConnectionOutboxes outboxes, TimeProvider clock, ILogger logger)
{
    /// <summary>Faults one after the other, with nothing sent between them, after which the follower hears of it; of what cannot be read it hears at once.</summary>
    private const int FaultsBeforeNotice = 5;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(8);

    /// <summary>In the replica's lock, as is <see cref="Restart"/>.</summary>
    public void Start(Follower follower) => follower.BeginCatchUp(() => RunAsync(follower));

    /// <summary>A delivery to this follower failed: it is not live any more and catches up from what it was sent last.</summary>
    public void Restart(Follower follower, Exception ex)
    {
        follower.FallBehind();
        Log(follower, ex);
        if (follower.State == FollowerState.Waiting)
        {
            Start(follower);
        }
    }

    /// <summary>Ends when the follower is live or has left; a fault is logged and, after a pause, begun again from. Never throws.</summary>
    private async Task RunAsync(Follower follower)
    {
        var (faults, sent, isTold) = (0, follower.Sent, false);
        var backoff = new Backoff(Retry, LastRetry);
        while (await TryRunAsync(follower) is { } fault)
        {
            if (follower.Sent == sent)
            {
                faults++;
            }
            else
            {
                (faults, isTold) = (1, false);
                backoff.Reset();
            }

            if (!isTold && (faults == FaultsBeforeNotice || fault is UnreadableThreadException))
            {
                GiveNotice(follower);
                isTold = true;
            }

            sent = follower.Sent;
            await Task.Delay(backoff.Next(), clock, follower.Leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>What it faulted with; null when the follower is where its thread is live, or has left.</returns>
    private async Task<Exception?> TryRunAsync(Follower follower)
    {
        var cancellationToken = follower.Leaving.Token;
        try
        {
            await RunToLiveAsync(follower, cancellationToken);
            return null;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return null; // it has left
        }
        catch (Exception ex)
        {
            Log(follower, ex);
            return ex;
        }
    }

    private async Task RunToLiveAsync(Follower follower, CancellationToken cancellationToken)
    {
        var needed = ThreadReplica.StepBytes;
        while (await follower.WaitForRoomAsync(needed, cancellationToken))
        {
            needed = ThreadReplica.StepBytes;
            switch (replica.Step(follower, out var cursor))
            {
                case CatchUpStep.Done:
                    return;
                case CatchUpStep.Page:
                    needed = Math.Max(needed, await SendPageAsync(follower, cursor, cancellationToken));
                    break;
            }

            await Task.Yield();
        }
    }

    /// <summary>It goes on being tried: the follower need do nothing, and may show that what it has is not all.</summary>
    private void GiveNotice(Follower follower)
    {
        var notice = new Error { Code = ErrorCode.Unavailable, ThreadId = thread, Message = "What follows in this thread cannot be sent at the moment. The server goes on trying." };
        try
        {
            if (outboxes.Find(follower.Connection) is { } outbox && outbox.Add(new OutboundFrame(thread, WireJson.Encode((ServerFrame)notice))))
            {
                outbox.Flush();
            }
        }
        catch (Exception ex)
        {
            Log(follower, ex);
        }
    }

    private void Log(Follower follower, Exception ex)
    {
        if (!follower.IsFaultLogged)
        {
            follower.IsFaultLogged = true;
            Faulted(ex, follower.Connection.Value, thread.Value, follower.Cursor);
        }
    }

    /// <returns>How much room the event takes that had none; 0 when all were sent that may be.</returns>
    private async Task<int> SendPageAsync(Follower follower, long cursor, CancellationToken cancellationToken)
    {
        try
        {
            var page = await pages.AfterAsync(thread, cursor, cancellationToken);
            foreach (var stored in page)
            {
                if (!follower.HasRoom(stored.Json.Length))
                {
                    return stored.Json.Length;
                }

                if (!replica.TrySend(follower, cursor, stored))
                {
                    return 0;
                }

                cursor = stored.Seq;
            }

            if (page.Count > 0)
            {
                return 0;
            }
        }
        catch (LogUnavailableException)
        {
            NotRead(thread.Value);
        }

        await Task.Delay(Retry, clock, cancellationToken); // the store is away, or what it had is just being deleted
        return 0;
    }

    // The store says in one line that it is away, and in one that it is back.
    [LoggerMessage(LogLevel.Debug, "The log of {Thread} could not be read; a follower waits")]
    private partial void NotRead(string thread);

    [LoggerMessage(LogLevel.Error, "{Connection} could not be sent what follows in {Thread} after event {Seq}; it catches up from there. Logged once for this follower")]
    private partial void Faulted(Exception ex, string connection, string thread, long seq);
}
