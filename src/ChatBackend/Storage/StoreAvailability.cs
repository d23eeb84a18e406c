using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage;

/// <summary>
/// Says once that the store fails and once that it works again, however many calls meet it in between: the log may lie on the same full disk.
/// It is the one place that does; other places log an outage at Debug.
/// </summary>
internal sealed partial class StoreAvailability(string use, ILogger logger, TimeProvider? clock = null)
{
    // A full store takes what is small and refuses the rest: only when nothing was refused for this long, it is over.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private bool _isFailing;
    private bool _hasWorkedSince;
    private bool _isPartial;
    private long _since;
    private long _lastRefusal;
    private long _refused;

    public string Use => use;

    public bool IsAvailable => !Volatile.Read(ref _isFailing);

    /// <param name="refused">How many calls met it.</param>
    /// <param name="isPartial">Other calls may succeed meanwhile.</param>
    public void Fails(Exception reason, int refused = 1, bool isPartial = false)
    {
        lock (_gate)
        {
            _hasWorkedSince = false;
            _isPartial = isPartial;
            _lastRefusal = _clock.GetTimestamp();
            _refused += refused;
            if (_isFailing)
            {
                return;
            }

            _isFailing = true;
            (_since, _refused) = (_lastRefusal, refused);
        }

        // A known cause is a sentence, and a stack says nothing more.
        LogUnavailable(use, reason is LogUnavailableException or SqliteException ? null : reason, reason.Message);
    }

    /// <summary>A call succeeded.</summary>
    public void Works()
    {
        if (Volatile.Read(ref _isFailing))
        {
            _hasWorkedSince = true;
            Settle();
        }
    }

    /// <summary>To be called now and then, also when nothing calls the store: an outage ends when it has been quiet after a success.</summary>
    public void Settle()
    {
        long refused;
        TimeSpan took;
        lock (_gate)
        {
            if (!_isFailing || !_hasWorkedSince || (_isPartial && _clock.GetElapsedTime(_lastRefusal) < Quiet))
            {
                return;
            }

            _isFailing = false;
            (refused, took) = (_refused, _clock.GetElapsedTime(_since));
        }

        LogAvailable(use, took.TotalSeconds, refused);
    }

    /// <summary>What is committed is not touched by it.</summary>
    public void CleanUpFails(Exception reason) => LogCleanUpFailed(reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Work after a commit failed; nothing that was committed is affected. It is tried again.")]
    private partial void LogCleanUpFailed(Exception reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The event log cannot be used for {Use}: {Reason} Until it can, clients are told 'unavailable'.")]
    private partial void LogUnavailable(string use, Exception? exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The event log can be used for {Use} again after {Seconds:0.0} s; {Refused} calls were refused meanwhile.")]
    private partial void LogAvailable(string use, double seconds, long refused);
}
