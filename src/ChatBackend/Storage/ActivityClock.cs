namespace ChatBackend.Storage;

/// <summary>
/// Gives each activity its place in lists, in Unix milliseconds: its own time, or one after the newest that is recorded where that is not before it, because there
/// is more than one in a millisecond or the clock was set back. No two have the same place, so that a place also says how much of a list somebody knows.
/// </summary>
internal sealed class ActivityClock(long newest)
{
    private long _newest = newest;

    public long Next(long at) => _newest = Math.Max(at, _newest + 1);
}
