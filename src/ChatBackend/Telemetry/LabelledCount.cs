using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ChatBackend.Telemetry;

/// <summary>A count for each value of one label. The values are a closed set of words; never an id.</summary>
internal sealed class LabelledCount(string label, params IEnumerable<string> known)
{
    private readonly ConcurrentDictionary<string, long> _counts = new(known.Select(value => KeyValuePair.Create(value, 0L)));

    public void Increment(string value) => _counts.AddOrUpdate(value, 1, static (_, count) => count + 1);

    public IEnumerable<Measurement<long>> Measure() =>
        _counts.Select(entry => new Measurement<long>(entry.Value, KeyValuePair.Create<string, object?>(label, entry.Key)));
}
