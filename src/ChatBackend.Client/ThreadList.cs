using ChatBackend.Client.Connections;
using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// The user's list of threads as the server tells it, across reconnects, until it is disposed or the connection closes for good: from <see cref="ChatConnection.FollowThreadsAsync"/>.
/// It begins with the newest threads that are not archived, 50 at most; whichever thread changes later is in it from then on, an archived one too. Safe for concurrent use.
/// </summary>
public sealed class ThreadList : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly FrameLog _log;
    private readonly CommandQueue _commands;
    private Dictionary<ThreadId, ThreadListed> _rows = [];
    private Dictionary<ThreadId, ThreadListed>? _replacing; // rows of an answer that takes the place of what is here, until it is whole
    private string? _cursor;
    private string? _logId;
    private bool _hasMore;
    private bool _isDisposed;

    private ThreadList(CommandQueue commands, int bufferBytes) => (_commands, _log) = (commands, new FrameLog(bufferBytes));

    /// <summary>The threads that are not archived, newest activity first. A copy: it does not change.</summary>
    public IReadOnlyList<ThreadListed> Threads => RowsOf(isArchived: false);

    /// <summary>The archived threads that changed while the list was followed, newest activity first. <c>GET /api/threads?archived=true</c> has all of them.</summary>
    public IReadOnlyList<ThreadListed> Archived => RowsOf(isArchived: true);

    /// <summary>Whether the user has older threads than those the list began with. <c>GET /api/threads</c> has them in pages.</summary>
    public bool HasMore
    {
        get
        {
            lock (_lock)
            {
                return _hasMore;
            }
        }
    }

    /// <summary>Which log the list is of, see <see cref="ConnectionEstablished.LogId"/>; null before the first answer.</summary>
    public string? LogId
    {
        get
        {
            lock (_lock)
            {
                return _logId;
            }
        }
    }

    /// <summary>What a thread's row says; null when the list does not have it.</summary>
    public ThreadListed? Find(ThreadId thread)
    {
        lock (_lock)
        {
            return _rows.GetValueOrDefault(thread);
        }
    }

    /// <summary>
    /// All that the list was told, from its beginning: a thread is in it or says something new (<see cref="ThreadListed"/>), or is gone (<see cref="ThreadUnlisted"/>).
    /// <see cref="ThreadListReplaced"/> stands where the list was begun anew: drop what came before, <see cref="Threads"/> did. Ends when the list is disposed or the connection was closed from this side.
    /// </summary>
    /// <exception cref="FollowerOverrunException">The reader is more than <see cref="ChatConnectionOptions.FollowerBufferBytes"/> behind: read <see cref="Threads"/>, and enumerate <see cref="NewChanges"/>.</exception>
    /// <exception cref="ChatClosedException">The connection was closed for good, and not from this side.</exception>
    public IAsyncEnumerable<ServerFrame> Changes(CancellationToken cancellationToken = default) => _log.ReadAsync(cancellationToken);

    /// <summary>As <see cref="Changes"/>, of what is told from this call on.</summary>
    /// <exception cref="FollowerOverrunException">The reader is more than <see cref="ChatConnectionOptions.FollowerBufferBytes"/> behind.</exception>
    /// <exception cref="ChatClosedException">The connection was closed for good, and not from this side.</exception>
    public IAsyncEnumerable<ServerFrame> NewChanges(CancellationToken cancellationToken = default) => _log.ReadFromEndAsync(cancellationToken);

    /// <summary>Follows the list no longer, and returns when the server knows that, or there is no socket. <see cref="Threads"/> stays as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _log.End(null);
        await _commands.UnfollowListAsync(this);
    }

    /// <inheritdoc cref="ChatConnection.FollowThreadsAsync"/>
    internal static async Task<ThreadList> FollowAsync(CommandQueue commands, int bufferBytes, CancellationToken cancellationToken)
    {
        var list = new ThreadList(commands, bufferBytes);
        try
        {
            await commands.FollowList(list).WaitAsync(cancellationToken);
            return list;
        }
        catch (Exception ex) when (ex is ChatErrorException or OperationCanceledException)
        {
            await list.DisposeAsync();
            throw;
        }
    }

    internal bool IsDisposed
    {
        get
        {
            lock (_lock)
            {
                return _isDisposed;
            }
        }
    }

    internal FollowThreadsFrame ToFollowFrame(ClientFrameId id)
    {
        lock (_lock)
        {
            // What is sent without a cursor takes the place of what is here; half of such an answer is dropped with its socket.
            _replacing = _cursor is null ? [] : null;
            return new FollowThreadsFrame { Id = id, Cursor = _cursor };
        }
    }

    /// <summary>The server cannot go on from the cursor: the next follow begins anew.</summary>
    internal void BeginAgain()
    {
        lock (_lock)
        {
            _cursor = null;
        }
    }

    internal void Take(ServerFrame frame, int bytes)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            switch (frame)
            {
                case ThreadListed listed:
                    (_replacing ?? _rows)[listed.ThreadId] = listed;
                    _cursor = _replacing is null ? listed.Cursor : null;
                    break;
                case ThreadUnlisted unlisted:
                    _rows.Remove(unlisted.ThreadId);
                    _cursor = unlisted.Cursor;
                    break;
                case ThreadsCaughtUp caughtUp:
                    CatchUp(caughtUp);
                    return;
            }

            if (_replacing is null)
            {
                _log.Append(frame, bytes);
            }
        }
    }

    /// <param name="error">What readers of <see cref="Changes"/> hear; null ends them quietly.</param>
    internal void End(Exception? error) => _log.End(error);

    private void CatchUp(ThreadsCaughtUp caughtUp)
    {
        if (_replacing is { } whole)
        {
            if (_logId is not null)
            {
                _log.Append(new ThreadListReplaced(), 0);
            }

            foreach (var row in whole.Values)
            {
                _log.Append(row, WireJson.Encode((ServerFrame)row).Length);
            }

            (_rows, _replacing, _hasMore) = (whole, null, caughtUp.HasMore == true);
        }

        (_cursor, _logId) = (caughtUp.Cursor, caughtUp.LogId);
    }

    private List<ThreadListed> RowsOf(bool isArchived)
    {
        lock (_lock)
        {
            return [.. _rows.Values.Where(row => row.Archived == isArchived).OrderByDescending(row => row.UpdatedAt)];
        }
    }
}
