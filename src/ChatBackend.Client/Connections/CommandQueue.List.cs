using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>The follow of the user's list of threads among what waits: one at most, and each sending says how much of the list is known by then.</summary>
internal sealed partial class CommandQueue
{
    private ThreadList? _list; // followed on every socket

    /// <summary>Follows the list, on later sockets, too.</summary>
    /// <returns>Ends when it is there.</returns>
    /// <exception cref="InvalidOperationException">One is followed already.</exception>
    public Task FollowList(ThreadList list)
    {
        PendingCommand entry;
        lock (_lock)
        {
            if (_end is { } end)
            {
                return Task.FromException(end);
            }

            if (_list is not null)
            {
                throw new InvalidOperationException("The list of threads is followed already. Dispose of the earlier one first.");
            }

            _list = list;
            _waiting.Add(entry = new PendingCommand(list));
        }

        Signal();
        return entry.Answer.Task;
    }

    /// <summary>Ends when the server sends nothing of the list any more: what comes of one that is followed after it is of that one.</summary>
    public async Task UnfollowListAsync(ThreadList list)
    {
        lock (_lock)
        {
            _waiting.RemoveAll(waiting => waiting.List == list);
            if (_list != list)
            {
                return;
            }
        }

        try
        {
            await AddAsync(new UnfollowThreadsFrame { Id = ClientFrameId.New() }, CancellationToken.None);
        }
        catch (Exception ex) when (ex is ChatClosedException or ChatErrorException { Code: ErrorCode.NotFound })
        {
            // There is no connection that follows it.
        }
        finally
        {
            lock (_lock)
            {
                _list = null;
            }
        }
    }

    /// <summary>A frame of the list; none where nobody follows it.</summary>
    public void TakeOfList(ServerFrame frame, int bytes)
    {
        ThreadList? list;
        lock (_lock)
        {
            list = _list;
        }

        list?.Take(frame, bytes);
        if (frame is ThreadsCaughtUp)
        {
            Take(waiting => waiting.IsSent && waiting.List == list, entry => entry.Answer.TrySetResult(null));
        }
    }

    /// <summary>Follows the list again later where the server was not available, or without a cursor where its cursor was refused.</summary>
    /// <returns>False for any other error.</returns>
    private bool IsOfList(Error error)
    {
        lock (_lock)
        {
            if (_waiting.Find(waiting => waiting is { IsSent: true, List: not null } && waiting.Id == error.Id) is not { List: { } list } entry)
            {
                return false;
            }

            if (error.Code == ErrorCode.StaleCursor)
            {
                list.BeginAgain();
                entry.DueAt = 0;
            }
            else if (error.Code is ErrorCode.Unavailable or ErrorCode.RateLimited or ErrorCode.Internal)
            {
                entry.DueAt = TimestampIn(entry.RefuseForNow(error.RetryAfterMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null));
            }
            else
            {
                return false;
            }

            entry.IsSent = false;
        }

        Signal();
        return true;
    }
}
