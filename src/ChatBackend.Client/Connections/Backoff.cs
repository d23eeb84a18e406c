namespace ChatBackend.Client.Connections;

/// <summary>How long to wait before the next attempt: a random part of a time that doubles (full jitter), on top of what the server asks for.</summary>
internal sealed class Backoff(ChatConnectionOptions options)
{
    private TimeSpan _window = options.FirstBackoff;

    public TimeSpan Next(ConnectionEnd end)
    {
        var window = Smaller(end.ReconnectWithin ?? _window, options.MaxBackoff);
        _window = Smaller(_window * 2, options.MaxBackoff);
        return (end.RetryAfter ?? TimeSpan.Zero) + window * options.Jitter();
    }

    /// <summary>A server that accepts and closes at once is no reason to begin anew; one that kept us longer than any wait is.</summary>
    public void WasConnected(TimeSpan time)
    {
        if (time >= options.MaxBackoff)
        {
            _window = options.FirstBackoff;
        }
    }

    private static TimeSpan Smaller(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
