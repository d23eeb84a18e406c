using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Following;

/// <summary>
/// One connection that follows its user's list of threads. Of the list it holds only how much of it was sent: when something changes it reads what that is, as
/// soon as the connection has room, so that a slow reader gets the newest state of a thread that changed many times.
/// </summary>
/// <param name="cursor">The last change that the client knows; null when it knows nothing of the list.</param>
/// <param name="faulted">Told of what is tried again.</param>
internal sealed class ListFollower(
    UserId user, ConnectionId connection, long? cursor, ListPages pages, IConnectionOutboxes outboxes, TimeProvider clock, Action<Exception> faulted)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(8);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _leaving = new();
    private Task _sending = Task.CompletedTask;
    private long? _cursor = cursor;
    private bool _isCaughtUp; // and was told so
    private bool _isSending;
    private bool _isDue;

    public UserId User => user;

    /// <summary>The list changed, or may have; at first, too. Never waits: what is being sent goes on with it.</summary>
    public void Signal()
    {
        lock (_lock)
        {
            _isDue = true;
            if (!_isSending && !_leaving.IsCancellationRequested)
            {
                _isSending = true;
                _sending = Task.Run(SendAsync);
            }
        }
    }

    /// <summary>Ends when nothing of the list is sent any more.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _leaving.Cancel();
            return _sending;
        }
    }

    /// <summary>Until nothing is due. What fails is told of, and tried again after a pause. Never throws.</summary>
    private async Task SendAsync()
    {
        var backoff = new Backoff(FirstRetry, LastRetry);
        while (TryBegin())
        {
            try
            {
                await SendDueAsync(_leaving.Token);
                backoff.Reset();
            }
            catch (Exception) when (_leaving.IsCancellationRequested)
            {
                // The next turn ends it.
            }
            catch (Exception ex)
            {
                faulted(ex);
                await Task.Delay(backoff.Next(), clock, _leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Signal();
            }
        }
    }

    private bool TryBegin()
    {
        lock (_lock)
        {
            _isSending = _isDue && !_leaving.IsCancellationRequested;
            _isDue = false;
            return _isSending;
        }
    }

    private async Task SendDueAsync(CancellationToken cancellationToken)
    {
        for (var hasMore = true; hasMore;)
        {
            // Before it is read: what changes while the connection is full is read once, in its last state.
            if (outboxes.Find(connection) is not { } outbox || !await outbox.WaitForRoomAsync(ListPages.StepBytes, cancellationToken))
            {
                return; // its connection is closing
            }

            var page = _cursor is { } after ? await pages.AfterAsync(user, after, cancellationToken) : await pages.NewestAsync(user, cancellationToken);
            (_cursor, hasMore) = (page.Cursor, page.HasMore);
            Send(outbox, page);
        }
    }

    private void Send(IConnectionOutbox outbox, ListPage page)
    {
        var begins = false;
        foreach (var frame in page.Frames)
        {
            begins |= outbox.Add(new OutboundFrame(null, WireJson.Encode(frame)));
        }

        if (!page.HasMore && !_isCaughtUp)
        {
            _isCaughtUp = true;
            begins |= outbox.Add(new OutboundFrame(null, WireJson.Encode((ServerFrame)pages.CaughtUp(page))));
        }

        if (begins)
        {
            outbox.Flush();
        }
    }
}
