namespace ChatBackend.Client.Connections;

/// <summary>How long to wait before the next attempt: a random part of a time that doubles (full jitter), on top of what the server asks for.</summary>
internal sealed class ReconnectDelay(ChatConnectionOptions options)
{
    private readonly Backoff _windows = new(options.FirstBackoff, options.MaxBackoff);

    public TimeSpan Next(ConnectionEnd end)
    {
        var next = _windows.Next();
        var window = Smaller(end.ReconnectWithin ?? next, options.MaxBackoff);
        return (end.RetryAfter ?? TimeSpan.Zero) + window * options.Jitter();
    }

    /// <summary>A server that accepts and closes at once gets the longer wait; one that kept the connection longer than any wait gets the first again.</summary>
    public void WasConnected(TimeSpan time)
    {
        if (time >= options.MaxBackoff)
        {
            _windows.Reset();
        }
    }

    private static TimeSpan Smaller(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
