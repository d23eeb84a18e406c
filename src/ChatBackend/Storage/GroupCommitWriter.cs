using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>What a <see cref="GroupCommitWriter"/> writes to. Called by one thread at a time, and free to block it.</summary>
internal interface ICommitTarget : IDisposable
{
    /// <summary>
    /// Commits all of <paramref name="batch"/> in one transaction, having set each one's result; or throws, with nothing left of it.
    /// A write that must be refused is refused by its result and disturbs no other.
    /// </summary>
    /// <exception cref="LogUnavailableException">The store is full, locked or gone.</exception>
    void Commit(IReadOnlyList<PendingWrite> batch);

    /// <summary>Whether after this failure every other commit is pointless now.</summary>
    bool ConcernsEveryWrite(Exception failure);

    /// <summary>
    /// Work that commits leave behind, a little at a time. The batch is durable by then: what fails here fails no write of it but those
    /// that ask for this very work, and is tried again.
    /// </summary>
    /// <param name="committed">The writes of the last commit, not told yet; empty when nothing has been written for a while.</param>
    /// <returns>Whether more is to be done soon.</returns>
    bool CleanUp(IReadOnlyList<PendingWrite> committed);
}

/// <summary>
/// The one writer of a process. Each commit takes all that waits, from every thread: alone a write is committed at once,
/// and the more there are, the more share the disk's one sync.
/// </summary>
internal sealed class GroupCommitWriter : IDisposable
{
    // About the sync of most disks. Commits are much of a turn's processor time under load: decision 0003 has the measurement.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(2);

    // How long nothing may be written before the store is looked after: soon while work is left, else often enough to notice trouble early.
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);

    private readonly PendingWrites _pending;
    private readonly ICommitTarget _target;
    private readonly StoreAvailability _availability;
    private readonly Thread _thread;
    private bool _hasWorkLeft;
    private long _lookedAfterAt;

    public GroupCommitWriter(ICommitTarget target, StoreAvailability availability, long maxPendingBytes, TimeSpan? gather = null)
    {
        _target = target;
        _availability = availability;
        _pending = new PendingWrites(maxPendingBytes, gather ?? Gather);
        // A thread of its own: commits block, and the pool has few threads to lose.
        _thread = new Thread(Run) { Name = "event log writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>A commit ended well, having taken so long. Called on the writer's own thread.</summary>
    public event Action<TimeSpan>? Committed;

    /// <inheritdoc cref="IThreadStore.ListChanged"/>
    public event Action<UserId>? ListChanged;

    /// <summary>A timestamp; that of the start before the first commit.</summary>
    public long LastCommitAt { get; private set; } = TimeProvider.System.GetTimestamp();

    public long PendingBytes => _pending.Bytes;

    /// <inheritdoc cref="PendingWrites.Waiting"/>
    public int Waiting => _pending.Waiting;

    public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) =>
        _pending.Add(new PendingAppend(append, cancellationToken));

    public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) =>
        _pending.Add(new PendingOpen(thread, cancellationToken));

    public Task<TResult> WriteAsync<TResult>(PendingWrite<TResult> write) => _pending.Add(write);

    /// <summary>Commits what was accepted, then closes the target.</summary>
    public void Dispose()
    {
        _pending.Close();
        _thread.Join();
        _target.Dispose();
    }

    private void Run()
    {
        while (_pending.TryDequeueAll(_hasWorkLeft ? Busy : Idle, out var batch))
        {
            DropCancelled(batch);
            if (batch.Count > 0)
            {
                Commit(batch);
            }

            // Not only when nothing waits, which under load may never be.
            if (batch.Count == 0 || (_hasWorkLeft && TimeProvider.System.GetElapsedTime(_lookedAfterAt) > Often))
            {
                CleanUp([]);
                _lookedAfterAt = TimeProvider.System.GetTimestamp();
            }
        }
    }

    private void DropCancelled(List<PendingWrite> batch) => batch.RemoveAll(write =>
    {
        if (!write.CancellationToken.IsCancellationRequested)
        {
            return false;
        }

        _pending.Release(write.Bytes);
        write.Cancel();
        return true;
    });

    private void Commit(List<PendingWrite> batch)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        if (TryCommit(batch) is not { } failure)
        {
            LastCommitAt = TimeProvider.System.GetTimestamp();
            Committed?.Invoke(TimeProvider.System.GetElapsedTime(startedAt, LastCommitAt));
            CleanUp(batch);
            _availability.Works();
            batch.ForEach(Complete);
        }
        else if (batch.Count == 1 || _target.ConcernsEveryWrite(failure))
        {
            Fail(batch, failure);
        }
        else
        {
            CommitEachAlone(batch);
        }
    }

    /// <summary>One write may be to blame, and the others must not fail with it.</summary>
    private void CommitEachAlone(List<PendingWrite> batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (TryCommit([batch[i]]) is not { } failure)
            {
                CleanUp([batch[i]]);
                Complete(batch[i]);
            }
            else if (_target.ConcernsEveryWrite(failure))
            {
                Fail(batch[i..], failure);
                return;
            }
            else
            {
                Fail([batch[i]], failure);
            }
        }
    }

    private Exception? TryCommit(IReadOnlyList<PendingWrite> batch)
    {
        try
        {
            _target.Commit(batch);
            return null;
        }
        catch (Exception ex)
        {
            // The exception belongs to those who wait for this batch; the writer itself must live on.
            return ex;
        }
    }

    private void CleanUp(IReadOnlyList<PendingWrite> committed)
    {
        try
        {
            _hasWorkLeft = _target.CleanUp(committed);
            _availability.Settle();
        }
        catch (LogUnavailableException ex)
        {
            _hasWorkLeft = false;
            _availability.Fails(ex);
        }
        catch (Exception ex)
        {
            // The commit stands, and the writer must live on.
            _hasWorkLeft = false;
            _availability.CleanUpFails(ex);
        }
    }

    private void Complete(PendingWrite write)
    {
        _pending.Release(write.Bytes);
        write.Complete();
        if (write.ChangedList is { } user)
        {
            ListChanged?.Invoke(user);
        }
    }

    private void Fail(List<PendingWrite> writes, Exception failure)
    {
        if (failure is LogUnavailableException)
        {
            // What can be mended is mended without waiting for the next write.
            _hasWorkLeft = true;
            _availability.Fails(failure, writes.Count, isPartial: !_target.ConcernsEveryWrite(failure));
        }

        foreach (var write in writes)
        {
            _pending.Release(write.Bytes);
            write.Fail(failure);
        }
    }
}
