using ChatBackend.Errors;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Connections;

/// <summary>The threads that one connection follows, and its user's list of them. Used by one command at a time.</summary>
internal sealed partial class Subscriptions(ThreadSubscriptions threads, FollowedLists lists, ConnectionContext connection, int max, ILogger logger)
{
    /// <summary>Subscriptions that are ended at once: each is a call to its thread.</summary>
    private const int EndedAtOnce = 256;

    private readonly Dictionary<ThreadId, Subscription> _all = [];
    private ListFollower? _list;

    public Subscription? Find(ThreadId thread) => _all.GetValueOrDefault(thread);

    public void Add(ThreadId thread, Subscription subscription) => _all[thread] = subscription;

    /// <exception cref="ProtocolException">The thread cannot be followed from there.</exception>
    public async Task JoinAsync(ThreadId thread, EventCursor after, IReadOnlyList<PartPosition> known, bool announcesCaughtUp)
    {
        await RequireRoomAsync(thread);
        await LeaveAsync(thread);
        _all[thread] = await threads.FollowAsync(connection.Session.User, connection.Id, thread, after, known, announcesCaughtUp);
    }

    public async Task LeaveAsync(ThreadId thread)
    {
        if (_all.Remove(thread, out var subscription))
        {
            await subscription.EndAsync();
        }
    }

    /// <exception cref="ProtocolException">It follows as many as it may.</exception>
    public async Task RequireRoomAsync(ThreadId thread)
    {
        if (_all.ContainsKey(thread) || _all.Count < max)
        {
            return;
        }

        foreach (var gone in _all.Where(followed => followed.Value.IsOver).Select(followed => followed.Key).ToList())
        {
            await LeaveAsync(gone);
        }

        if (_all.Count >= max)
        {
            throw new ProtocolException(ErrorCode.QuotaExceeded, $"{_all.Count} threads are followed already; unfollow one first.");
        }
    }

    /// <summary>A list that is followed already is followed again, from the cursor given.</summary>
    /// <exception cref="ProtocolException">The list cannot be followed from there; it is not followed now.</exception>
    public async Task JoinListAsync(string? cursor)
    {
        await LeaveListAsync();
        _list = await lists.FollowAsync(connection.Session.User, connection.Id, cursor);
    }

    /// <returns>False when the list was not followed.</returns>
    public async Task<bool> LeaveListAsync()
    {
        if (_list is not { } list)
        {
            return false;
        }

        _list = null;
        await lists.LeaveAsync(list);
        return true;
    }

    /// <summary>Ends all of them, also when one fails to end.</summary>
    public async Task EndAsync()
    {
        await LeaveListAsync();
        await EndThreadsAsync();
    }

    private Task EndThreadsAsync() => Parallel.ForEachAsync(_all, new ParallelOptions { MaxDegreeOfParallelism = EndedAtOnce }, async (followed, _) =>
    {
        try
        {
            await followed.Value.EndAsync();
        }
        catch (Exception ex)
        {
            NotEnded(ex, followed.Key.Value);
        }
    });

    [LoggerMessage(LogLevel.Error, "Following {Thread} did not end well")]
    private partial void NotEnded(Exception ex, string thread);
}
