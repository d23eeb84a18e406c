namespace ChatBackend.Storage.Sqlite;

/// <summary>When it is time to say how far an index that is made again has come.</summary>
internal sealed class SearchProgress(TimeProvider clock, TimeSpan every)
{
    private bool _isRunning;
    private long _last;

    public enum Step
    {
        None,
        Due,
        Done,
    }

    public void Begin() => (_isRunning, _last) = (true, clock.GetTimestamp());

    public Step Next(bool isLast)
    {
        if (!_isRunning || (!isLast && clock.GetElapsedTime(_last) < every))
        {
            return Step.None;
        }

        (_isRunning, _last) = (!isLast, clock.GetTimestamp());
        return isLast ? Step.Done : Step.Due;
    }
}
