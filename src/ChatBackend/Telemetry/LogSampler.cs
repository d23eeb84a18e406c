using System.Collections.Concurrent;

namespace ChatBackend.Telemetry;

/// <summary>Lets the first lines of each kind through in each interval and counts the others, so that no client can fill the disk with them.</summary>
internal sealed class LogSampler(int lines, TimeSpan interval, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Kind> _kinds = new();

    /// <param name="kind">Of a closed set of words.</param>
    /// <param name="leftOut">With a line that is written: how many were left out since the one before it.</param>
    public bool Admits(string kind, out long leftOut) => _kinds.GetOrAdd(kind, static _ => new Kind()).Admits(lines, interval, clock, out leftOut);

    private sealed class Kind
    {
        private readonly Lock _lock = new();
        private long? _beganAt;
        private int _written;
        private long _leftOut;

        public bool Admits(int lines, TimeSpan interval, TimeProvider clock, out long leftOut)
        {
            lock (_lock)
            {
                if (_beganAt is not { } beganAt || clock.GetElapsedTime(beganAt) >= interval)
                {
                    (_beganAt, _written) = (clock.GetTimestamp(), 0);
                }

                leftOut = 0;
                if (_written >= lines)
                {
                    _leftOut++;
                    return false;
                }

                _written++;
                (leftOut, _leftOut) = (_leftOut, 0);
                return true;
            }
        }
    }
}
