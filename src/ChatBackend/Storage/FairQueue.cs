using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>
/// Work that users ask for beside their chats, on a few threads of its own: one piece of each user at a time, users one after the other.
/// What one user asks for delays another's by one piece, and never holds a thread of the pool.
/// </summary>
internal sealed class FairQueue : IDisposable
{
    private const int MaxWaiting = 1024;

    private readonly object _gate = new();
    private readonly int _maxWaitingPerUser;
    private readonly Thread[] _threads;

    // Users with work that waits or runs; ready are those with work that waits and none that runs.
    private readonly Dictionary<UserId, Queue<Work>> _users = [];
    private readonly Queue<UserId> _ready = [];
    private int _waiting;
    private bool _closed;

    public FairQueue(string name, int threads, int maxWaitingPerUser)
    {
        _maxWaitingPerUser = maxWaitingPerUser;
        _threads = [.. Enumerable.Range(1, threads).Select(number => new Thread(Run) { Name = $"{name} {number}", IsBackground = true })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <exception cref="LogUnavailableException">Too much waits already, of this user or of all.</exception>
    public Task<TResult> RunAsync<TResult>(UserId user, Func<TResult> work, CancellationToken cancellationToken)
    {
        var added = new Work<TResult>(work, cancellationToken);
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<TResult>(Closed());
            }

            var isKnown = _users.TryGetValue(user, out var queue);
            if (_waiting >= MaxWaiting || queue?.Count >= _maxWaitingPerUser)
            {
                return Task.FromException<TResult>(new LogUnavailableException("Too many reads wait already."));
            }

            if (!isKnown)
            {
                queue = _users[user] = new Queue<Work>();
                _ready.Enqueue(user);
                Monitor.Pulse(_gate);
            }

            queue!.Enqueue(added);
            _waiting++;
        }

        return added.Completion;
    }

    /// <summary>Fails what waits, and returns when nothing runs any more.</summary>
    public void Dispose()
    {
        Work[] left;
        lock (_gate)
        {
            _closed = true;
            left = [.. _users.Values.SelectMany(queue => queue)];
            Monitor.PulseAll(_gate);
        }

        foreach (var work in left)
        {
            work.Fail(Closed());
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private static LogUnavailableException Closed() => new("The event log is closed: the server is stopping.");

    private void Run()
    {
        BackgroundThread.GiveWay();
        while (TryTakeNext(out var user, out var work))
        {
            work.Run();
            EndTurn(user);
        }
    }

    private bool TryTakeNext(out UserId user, out Work work)
    {
        lock (_gate)
        {
            while (_ready.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            if (_closed)
            {
                (user, work) = (default, null!);
                return false;
            }

            user = _ready.Dequeue();
            work = _users[user].Dequeue();
            _waiting--;
            return true;
        }
    }

    private void EndTurn(UserId user)
    {
        lock (_gate)
        {
            if (_users[user].Count == 0)
            {
                _users.Remove(user);
            }
            else
            {
                // This thread takes the next piece itself, so that no other thread has to be woken for it.
                _ready.Enqueue(user);
            }
        }
    }

    private abstract class Work
    {
        public abstract void Run();

        public abstract void Fail(Exception reason);
    }

    private sealed class Work<TResult>(Func<TResult> work, CancellationToken cancellationToken) : Work
    {
        // A thread of the queue must not run what the caller does next.
        private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<TResult> Completion => _completion.Task;

        public override void Run()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _completion.TrySetCanceled(cancellationToken);
                return;
            }

            try
            {
                _completion.TrySetResult(work());
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                _completion.TrySetCanceled(cancellationToken);
            }
            catch (Exception ex)
            {
                // It belongs to the one who asked; the thread serves the next.
                _completion.TrySetException(ex);
            }
        }

        public override void Fail(Exception reason) => _completion.TrySetException(reason);
    }
}
