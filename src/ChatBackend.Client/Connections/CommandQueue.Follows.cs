using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>The follows among what waits: one for each thread at most, and each sending says how far the follower is by then.</summary>
internal sealed partial class CommandQueue
{
    /// <summary>Follows from where the follower is. Ends when it has caught up; the same follow is not sent twice.</summary>
    public async Task FollowAsync(ThreadFollower follower, CancellationToken cancellationToken) =>
        await Follow(follower, TimeSpan.Zero).WaitAsync(cancellationToken);

    /// <param name="delay">How long to wait before.</param>
    /// <returns>Ends when the follower has caught up; need not be awaited.</returns>
    public Task Follow(ThreadFollower follower, TimeSpan delay)
    {
        PendingCommand? entry;
        lock (_lock)
        {
            if (_end is { } end)
            {
                return Task.FromException(end);
            }

            entry = _waiting.Find(waiting => waiting.Follower == follower);
            if (entry is null)
            {
                _waiting.Add(entry = new PendingCommand(follower) { DueAt = TimestampIn(delay) });
            }
        }

        Signal();
        return entry.Answer.Task;
    }

    /// <summary>As <see cref="Follow"/>; a follow that was sent already is sent again, from where the follower is now.</summary>
    public void FollowAgain(ThreadFollower follower, TimeSpan delay)
    {
        lock (_lock)
        {
            if (_waiting.Find(waiting => waiting.Follower == follower) is { } entry)
            {
                (entry.IsSent, entry.DueAt) = (false, TimestampIn(delay));
                Signal();
                return;
            }
        }

        Follow(follower, delay);
    }

    public bool IsFollowing(ThreadFollower follower)
    {
        lock (_lock)
        {
            return _waiting.Exists(waiting => waiting.Follower == follower);
        }
    }

    /// <param name="end">The result for the caller that waits for the follow.</param>
    public void Forget(ThreadFollower follower, Exception end)
    {
        lock (_lock)
        {
            foreach (var entry in _waiting.Where(waiting => waiting.Follower == follower))
            {
                entry.Answer.TrySetException(end);
            }

            _waiting.RemoveAll(waiting => waiting.Follower == follower);
        }
    }

    public void Answer(CaughtUp caughtUp) =>
        Take(waiting => waiting.IsSent && waiting.Follower?.Thread == caughtUp.ThreadId, entry => entry.Answer.TrySetResult(null));

    /// <summary>The cursor of a follow is one that the thread cannot go on from, and the error says where to begin.</summary>
    public static bool BeginsAgain(Error error) => error is { Code: ErrorCode.Expired or ErrorCode.StaleCursor, HistoryBeginsAt: not null };

    private ThreadFollower? FollowerOf(Error error)
    {
        lock (_lock)
        {
            return _waiting.Find(waiting => waiting.IsSent && waiting.Follower is not null && waiting.Id == error.Id)?.Follower;
        }
    }
}
