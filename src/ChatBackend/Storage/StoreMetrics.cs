using System.Diagnostics.Metrics;
using ChatBackend.Storage.Sqlite;
using Microsoft.Extensions.Hosting;

namespace ChatBackend.Storage;

/// <summary>The numbers of the store, in the meter of all others.</summary>
internal sealed class StoreMetrics : IHostedService
{
    private readonly SqliteEventLog _log;
    private readonly Histogram<double> _commits;

    public StoreMetrics(SqliteEventLog log, SearchIndexer search, IMeterFactory factory, TimeProvider clock)
    {
        _log = log;
        var meter = factory.Create(Telemetry.ChatMetrics.MeterName);
        _commits = meter.CreateHistogram("chat.store.commit.duration", "s", "How long a commit took, its sync to the disk included.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] });
        meter.CreateObservableGauge("chat.store.available", Availability, "{use}", "1 while the event log can be used, by use.");
        meter.CreateObservableGauge("chat.store.commit.age", () => clock.GetElapsedTime(log.LastCommitAt).TotalSeconds, "s", "Time since the last commit, or the start.");
        meter.CreateObservableGauge("chat.search.lag", () => search.Behind.TotalSeconds, "s", "For how long something has waited to be found by searches.");
        meter.CreateObservableUpDownCounter("chat.store.pending", () => log.PendingBytes, "By", "What waits for the store.");
        meter.CreateObservableUpDownCounter("chat.store.size", Sizes, "By", "Size of the files of the event log.");
        meter.CreateObservableUpDownCounter("chat.store.disk.free", FreeBytes, "By", "Room on the disk of the event log.");
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _log.Committed += took => _commits.Record(took.TotalSeconds);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<int>> Availability() =>
        _log.Availability.Select(store => new Measurement<int>(store.IsAvailable ? 1 : 0, KeyValuePair.Create<string, object?>("use", store.Use)));

    private IEnumerable<Measurement<long>> Sizes() =>
        new[] { ("log", ""), ("wal", "-wal") }.Select(file => new Measurement<long>(
            new FileInfo(_log.Path + file.Item2) is { Exists: true } found ? found.Length : 0, KeyValuePair.Create<string, object?>("file", file.Item1)));

    // A disk that cannot be asked has no number.
    private IEnumerable<Measurement<long>> FreeBytes()
    {
        try
        {
            return [new Measurement<long>(new DriveInfo(System.IO.Path.GetDirectoryName(_log.Path)!).AvailableFreeSpace)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
