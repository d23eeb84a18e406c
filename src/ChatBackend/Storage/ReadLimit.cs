namespace ChatBackend.Storage;

/// <summary>How long one read may go on. The store asks while it works, loops over its rows ask between them.</summary>
/// <param name="cancellationToken">Cancelled when the caller no longer waits for the result.</param>
/// <param name="closing">Cancelled when the store closes.</param>
internal sealed class ReadLimit(TimeProvider clock, TimeSpan timeout, CancellationToken cancellationToken, CancellationToken closing)
{
    private readonly long _began = clock.GetTimestamp();

    public bool IsOver => cancellationToken.IsCancellationRequested || closing.IsCancellationRequested || clock.GetElapsedTime(_began) > timeout;

    /// <exception cref="LogUnavailableException">The time is up, or the store closes.</exception>
    public void ThrowIfOver()
    {
        if (IsOver)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new LogUnavailableException(closing.IsCancellationRequested
                ? "The event log is closed: the server is stopping."
                : $"The read took longer than {timeout}.");
        }
    }
}
