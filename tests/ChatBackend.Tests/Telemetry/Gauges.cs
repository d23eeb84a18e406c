using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Telemetry;

/// <summary>Reads metrics where no server shows them.</summary>
internal static class Gauges
{
    /// <summary>What an operator would see now, of one label or of all together.</summary>
    public static long Gauge(this IServiceProvider services, string name, string? label = null)
    {
        var (factory, seen) = (services.GetRequiredService<IMeterFactory>(), 0L);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, from) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name == name)
            {
                from.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((_, value, labels, _) => Add(value, labels));
        listener.SetMeasurementEventCallback<long>((_, value, labels, _) => Add(value, labels));
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;

        void Add(long value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            if (label is null || (labels.Length == 1 && Equals(labels[0].Value, label)))
            {
                seen += value;
            }
        }
    }
}
