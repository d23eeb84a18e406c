namespace ChatBackend;

/// <summary>The pauses between attempts: each twice as long as the one before, up to the longest. Compiled into the server's library and into the client.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private readonly TimeSpan _first = first;
    private TimeSpan _next = first;

    public TimeSpan Next()
    {
        var pause = _next;
        _next = pause * 2 < longest ? pause * 2 : longest;
        return pause;
    }

    /// <summary>An attempt succeeded: the next pause is the first again.</summary>
    public void Reset() => _next = _first;
}
