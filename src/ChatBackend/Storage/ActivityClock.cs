namespace ChatBackend.Storage;

/// <summary>Gives each activity its place in lists, in Unix milliseconds: its own time, unless the clock was set back, then one after the newest that is recorded.</summary>
internal sealed class ActivityClock(long newest)
{
    // Threads ask for their time before they queue for a commit, so that a moment's difference is not a change of the clock.
    private const long Slack = 1000;

    private long _newest = newest;

    public long Next(long at) => _newest = at >= _newest - Slack ? Math.Max(at, _newest) : _newest + 1;
}
