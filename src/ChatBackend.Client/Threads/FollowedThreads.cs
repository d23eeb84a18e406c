using System.Collections.Concurrent;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>The threads a connection follows: hands each frame to its follower and follows again where something is missing.</summary>
internal sealed class FollowedThreads(CommandQueue commands, int bufferBytes)
{
    private const int MaxFruitlessFollows = 8;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<ThreadId, ThreadFollower> _followers = new();
    private readonly Lock _beginning = new();

    public ICollection<ThreadFollower> All => _followers.Values;

    public ThreadFollower? Find(ThreadId thread) => _followers.GetValueOrDefault(thread);

    /// <summary>The follower of a thread from a place on; one that began later is replaced, and ends.</summary>
    public ThreadFollower From(ThreadId thread, ThreadCursor after, out bool isNew)
    {
        // Two that begin at once share one follower.
        lock (_beginning)
        {
            if (Find(thread) is { } known)
            {
                if (known.Start <= after.Seq)
                {
                    isNew = false;
                    return known;
                }

                Remove(known, Unfollowed(known.Thread));
            }

            isNew = true;
            return _followers[thread] = new ThreadFollower(thread, after, bufferBytes);
        }
    }

    public void Take(ServerFrame frame, int bytes)
    {
        switch (frame)
        {
            case Ack ack:
                commands.Answer(ack, answered => FollowSent(ack, answered));
                break;
            case Error error:
                Refused(commands.Refuse(error), error);
                break;
            case CaughtUp caughtUp when Find(caughtUp.ThreadId) is { } ahead && caughtUp.Seq < ahead.Cursor && !ahead.IsFollowDue:
                BeginAgain(ahead, new Error { Code = ErrorCode.StaleCursor, Message = "The thread ends before what was had of it.", HistoryBeginsAt = 1 });
                break;
            case CaughtUp caughtUp:
                commands.Answer(caughtUp);
                Take(caughtUp.ThreadId, frame, bytes);
                break;
            case ThreadDeleted deleted when Find(deleted.ThreadId) is { } follower:
                Fail(follower, new ThreadDeletedException(deleted.ThreadId));
                break;
            case ThreadEvent threadEvent:
                Take(threadEvent.ThreadId, frame, bytes);
                break;
            case PartDelta delta:
                Take(delta.ThreadId, frame, bytes);
                break;
            case ToolProgress progress:
                Take(progress.ThreadId, frame, bytes);
                break;
            case ThreadListed or ThreadUnlisted or ThreadsCaughtUp:
                commands.TakeOfList(frame, bytes);
                break;
        }
    }

    public void Remove(ThreadFollower follower, ConnectionEnd reason)
    {
        _followers.TryRemove(new KeyValuePair<ThreadId, ThreadFollower>(follower.Thread, follower));
        var end = new ChatClosedException(reason);
        commands.Forget(follower, end);
        follower.End(end, isQuiet: true);
    }

    public void End(ChatClosedException end)
    {
        foreach (var follower in All)
        {
            follower.End(end, isQuiet: end.End.IsOurs);
        }
    }

    public static ConnectionEnd Unfollowed(ThreadId thread) => new() { Reason = $"{thread} is no longer followed", IsOurs = true };

    private void Take(ThreadId thread, ServerFrame frame, int bytes)
    {
        if (Find(thread) is not { } follower || !follower.Take(frame, bytes) || commands.IsFollowing(follower))
        {
            return;
        }

        if (follower.FruitlessFollows >= MaxFruitlessFollows)
        {
            Fail(follower, new ThreadGapException(thread, follower.Cursor));
            return;
        }

        commands.Follow(follower, DelayOf(follower));
    }

    /// <summary>The server follows the thread of a message for its sender, from that message on.</summary>
    private void FollowSent(Ack ack, ClientCommand answered)
    {
        if (answered is ChatFrame && ack.ThreadId is { } thread && Find(thread) is null)
        {
            From(thread, new ThreadCursor(Math.Max(0, (ack.Seq ?? 1) - 1)), out _);
        }
    }

    private void Refused(ThreadFollower? follower, Error error)
    {
        if (follower is null)
        {
            return;
        }

        if (CommandQueue.BeginsAgain(error))
        {
            BeginAgain(follower, error);
            return;
        }

        var mayRetry = error.Code is ErrorCode.Unavailable or ErrorCode.RateLimited or ErrorCode.Internal;
        if (!mayRetry || follower.FruitlessFollows >= MaxFruitlessFollows)
        {
            Fail(follower, new ChatErrorException(error));
            return;
        }

        commands.Follow(follower, DelayOf(follower) + TimeSpan.FromMilliseconds(error.RetryAfterMs ?? 0));
    }

    /// <summary>Drops what a follower has and follows from where history begins; a caller that waits for the follow goes on waiting.</summary>
    private void BeginAgain(ThreadFollower follower, Error error)
    {
        if (follower.FruitlessFollows >= MaxFruitlessFollows)
        {
            Fail(follower, new ChatErrorException(error));
        }
        else if (error.Code == ErrorCode.StaleCursor)
        {
            follower.Replace(error.HistoryBeginsAt!.Value);
            commands.FollowAgain(follower, DelayOf(follower));
        }
        else
        {
            follower.Expire(error.HistoryBeginsAt!.Value);
            commands.FollowAgain(follower, DelayOf(follower));
        }
    }

    private void Fail(ThreadFollower follower, Exception end)
    {
        _followers.TryRemove(new KeyValuePair<ThreadId, ThreadFollower>(follower.Thread, follower));
        commands.Forget(follower, end);
        follower.End(end, isQuiet: false);
    }

    /// <summary>At once the first time, then longer and longer: a server that leaves out the same again is not asked in a tight loop.</summary>
    private static TimeSpan DelayOf(ThreadFollower follower)
    {
        var before = follower.FruitlessFollows;
        follower.CountFollow();
        return before == 0 ? TimeSpan.Zero : FirstDelay * Math.Pow(2, before - 1);
    }
}
