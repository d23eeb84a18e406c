using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Following;

/// <summary>The lists of threads that connections of this node follow, by their users. A change that the store tells of costs a look-up here, and more only where the user's list is followed.</summary>
internal sealed partial class FollowedLists
{
    private readonly IThreadStore _store;
    private readonly IEventLog _log;
    private readonly ListPages _pages;
    private readonly IConnectionOutboxes _outboxes;
    private readonly TimeProvider _clock;
    private readonly ILogger<FollowedLists> _logger;
    private readonly LogSampler _lines;
    private readonly Lock _lock = new();
    private readonly Dictionary<UserId, ListFollower[]> _followers = []; // arrays are replaced as a whole
    private int _count;

    public FollowedLists(IThreadStore store, IEventLog log, IConnectionOutboxes outboxes, ChatMetrics metrics, TimeProvider clock, ILogger<FollowedLists> logger)
    {
        (_store, _log, _outboxes, _clock, _logger) = (store, log, outboxes, clock, logger);
        _pages = new ListPages(store, log);
        _lines = new LogSampler(lines: 1, TimeSpan.FromSeconds(10), clock);
        metrics.WatchListFollowers(() => Volatile.Read(ref _count));
        store.ListChanged += Signal;
    }

    /// <summary>Sends the user's list, or what changed in it after the cursor, and what changes from now on, until <see cref="LeaveAsync"/>.</summary>
    /// <exception cref="ProtocolException">The cursor is not of this log, or is older than what is known of deleted threads.</exception>
    public async Task<ListFollower> FollowAsync(UserId user, ConnectionId connection, string? cursor)
    {
        var known = cursor is null ? null : await RequireAsync(user, cursor);
        var follower = new ListFollower(user, connection, known, _pages, _outboxes, _clock, NotRead);

        // It hears of changes before it reads: none can come in between.
        Change(user, followers => [.. followers, follower]);
        follower.Signal();
        return follower;
    }

    /// <summary>Ends when nothing of the list is sent to the follower any more.</summary>
    public Task LeaveAsync(ListFollower follower)
    {
        Change(follower.User, followers => [.. followers.Where(other => other != follower)]);
        return follower.EndAsync();
    }

    /// <inheritdoc cref="IThreadStore.MarkReadAsync"/>
    /// <exception cref="ProtocolException">There is no such thread, or it is not the user's.</exception>
    public async Task<long> MarkReadAsync(UserId user, ThreadId thread, long? seq)
    {
        try
        {
            return await _store.MarkReadAsync(user, thread, seq, CancellationToken.None) ?? throw ProtocolException.NotFound();
        }
        catch (LogUnavailableException)
        {
            throw ProtocolException.Unavailable();
        }
    }

    private async Task<long?> RequireAsync(UserId user, string cursor)
    {
        try
        {
            return ListCursor.NumberIn(cursor, _log.LogId) is { } number
                && await _store.ListRangeAsync(user, CancellationToken.None) is var range && number >= range.KnownFrom && number <= range.Newest
                    ? number
                    : throw new ProtocolException(ErrorCode.StaleCursor, "That cursor cannot be gone on from. Drop what you have of the list and follow it without a cursor.");
        }
        catch (LogUnavailableException)
        {
            throw ProtocolException.Unavailable();
        }
    }

    /// <summary>On the thread of the store's writer: neither waits nor throws.</summary>
    private void Signal(UserId user)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        ListFollower[] followers;
        lock (_lock)
        {
            followers = _followers.GetValueOrDefault(user, []);
        }

        Array.ForEach(followers, follower => follower.Signal());
    }

    private void Change(UserId user, Func<ListFollower[], ListFollower[]> change)
    {
        lock (_lock)
        {
            var before = _followers.GetValueOrDefault(user, []);
            var after = change(before);
            _count += after.Length - before.Length;
            if (after.Length == 0)
            {
                _followers.Remove(user);
            }
            else
            {
                _followers[user] = after;
            }
        }
    }

    /// <summary>What the store tells of itself is not told here, and what meets many followers at once is told of once.</summary>
    private void NotRead(Exception ex)
    {
        if (ex is not IReportedException && _lines.Admits("list", out var leftOut))
        {
            LogNotRead(ex, leftOut);
        }
    }

    [LoggerMessage(LogLevel.Error, "A followed list of threads could not be read or sent; retrying. {LeftOut} more since the last such line")]
    private partial void LogNotRead(Exception ex, long leftOut);
}
