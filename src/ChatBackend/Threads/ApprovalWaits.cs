using ChatBackend.Protocol;

namespace ChatBackend.Threads;

/// <summary>
/// The calls of a run that wait for a decision, and those that are decided and not begun. How much time is left is measured by what has
/// passed: the machine's date may be put forward or back meanwhile.
/// </summary>
internal sealed class ApprovalWaits(TimeProvider clock)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<CallId, Wait> _waits = [];
    private TaskCompletionSource _decided = Signal();

    /// <summary>Asked for here.</summary>
    public void Add(CallId call, TimeSpan given)
    {
        lock (_lock)
        {
            _waits.TryAdd(call, new Wait(clock.GetTimestamp(), given, null));
        }
    }

    /// <summary>Asked for in an earlier process: by the date, which is all that is left of it, but never longer than was given.</summary>
    public void Resume(ApprovalRequired required)
    {
        var (given, left) = (required.ExpiresAt - required.At, required.ExpiresAt - clock.GetUtcNow());
        Add(required.CallId, left < given ? left : given);
    }

    /// <summary>A decision is durable. May be told again.</summary>
    public void Decide(ApprovalDecided decided)
    {
        lock (_lock)
        {
            if (_waits.TryGetValue(decided.CallId, out var wait))
            {
                _waits[decided.CallId] = wait with { Decided = decided };
                _decided.TrySetResult();
                _decided = Signal();
            }
        }
    }

    /// <summary>The time to decide about the call is over.</summary>
    public bool IsOver(CallId call)
    {
        lock (_lock)
        {
            return _waits.TryGetValue(call, out var wait) && LeftOf(wait) <= TimeSpan.Zero;
        }
    }

    /// <summary>Waits until one of the calls is decided, or the time of one is over. It waits no more then.</summary>
    /// <returns>The call, with the decision if there is one.</returns>
    /// <param name="of">A run that is nested waits for its own calls, and so may the run around it.</param>
    public async Task<(CallId Call, ApprovalDecided? Decided)> NextAsync(IReadOnlyCollection<CallId> of, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task decided;
            TimeSpan left;
            lock (_lock)
            {
                var (call, first) = _waits.Where(wait => of.Contains(wait.Key)).MinBy(wait => wait.Value.Decided is null ? LeftOf(wait.Value) : TimeSpan.MinValue);
                left = LeftOf(first!);
                if (first!.Decided is not null || left <= TimeSpan.Zero)
                {
                    _waits.Remove(call);
                    return (call, first.Decided);
                }

                decided = _decided.Task;
            }

            try
            {
                await decided.WaitAsync(left + Tick, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Perhaps: a timer may be early.
            }
        }
    }

    private TimeSpan LeftOf(Wait wait) => wait.Given - clock.GetElapsedTime(wait.Since);

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Wait(long Since, TimeSpan Given, ApprovalDecided? Decided);
}
