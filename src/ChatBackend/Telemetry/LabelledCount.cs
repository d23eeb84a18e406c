using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ChatBackend.Telemetry;

/// <summary>A count for each value of one label. The values are a closed set of words; never an id.</summary>
internal sealed class LabelledCount(string label, params IEnumerable<string> known)
{
    private readonly ConcurrentDictionary<string, long> _counts = new(known.Select(value => KeyValuePair.Create(value, 0L)));

    public IEnumerable<(string Value, long Count)> Values => _counts.Select(entry => (entry.Key, entry.Value));

    public void Increment(string value) => Add(value, 1);

    public void Add(string value, long change) => _counts.AddOrUpdate(value, change, (_, count) => count + change);

    public IEnumerable<Measurement<long>> Measure() =>
        _counts.Select(entry => new Measurement<long>(entry.Value, KeyValuePair.Create<string, object?>(label, entry.Key)));
}
