using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage;

/// <summary>Says once that the store fails and once that it works again, however many calls meet it in between.</summary>
internal sealed partial class StoreAvailability(string use, ILogger logger)
{
    private int _failing;

    public void Fails(Exception reason)
    {
        if (Interlocked.Exchange(ref _failing, 1) == 0)
        {
            LogUnavailable(use, reason);
        }
    }

    public void Works()
    {
        if (Volatile.Read(ref _failing) == 1 && Interlocked.Exchange(ref _failing, 0) == 1)
        {
            LogAvailable(use);
        }
    }

    /// <summary>What is committed is not touched by it.</summary>
    public void CleanUpFails(Exception reason) => LogCleanUpFailed(reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Work after a commit failed; nothing that was committed is affected. It is tried again.")]
    private partial void LogCleanUpFailed(Exception reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The event log cannot be used for {Use}; until it can, clients are told 'unavailable'.")]
    private partial void LogUnavailable(string use, Exception reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The event log can be used for {Use} again.")]
    private partial void LogAvailable(string use);
}
