namespace ChatBackend.Threads;

/// <summary>The date when it was made, and what has passed since: how long something took, also when the machine's date changes meanwhile.</summary>
internal sealed class RunClock(TimeProvider clock)
{
    private readonly DateTimeOffset _date = clock.GetUtcNow();
    private readonly long _timestamp = clock.GetTimestamp();

    public DateTimeOffset Now => _date + clock.GetElapsedTime(_timestamp);
}
