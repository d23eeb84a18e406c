using System.Diagnostics.Metrics;
using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatBackend.Tests.Storage;

/// <summary>What the store tells of itself: its numbers and its health.</summary>
[SupportedOSPlatform("linux")]
public sealed class StoreMetricsTests : IAsyncLifetime
{
    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-metrics-");
    private readonly TimersOfTest _clock = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value)> _numbers = [];
    private SqliteLogHost _host = null!;
    private StoreMetrics _metrics = null!;

    private string Data => Path.Combine(_base.FullName, "data");

    public async ValueTask InitializeAsync()
    {
        _host = await SqliteLogHost.StartAsync(Data, clock: _clock);
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        _metrics = new StoreMetrics(_host.Log, _host.Indexer, factory, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _host.DisposeAsync();
        await _services.DisposeAsync();
        _base.Delete(recursive: true);
    }

    [Fact]
    public async Task Its_numbers_are_those_of_the_log()
    {
        await _metrics.StartAsync(CancellationToken.None);
        await LogWriter.StartAsync(_host.Log);
        _clock.Advance(TimeSpan.FromSeconds(0.2));

        var numbers = Observe();

        numbers.Keys.Should().BeEquivalentTo(
            "chat.store.commit.duration", "chat.store.available reading", "chat.store.available writing", "chat.store.commit.age", "chat.search.lag",
            "chat.store.pending", "chat.store.size log", "chat.store.size wal", "chat.store.disk.free");
        (numbers["chat.store.available reading"], numbers["chat.store.available writing"], numbers["chat.store.pending"]).Should().Be((1, 1, 0));
        numbers["chat.store.size log"].Should().Be(new FileInfo(Path.Combine(Data, "chat.db")).Length).And.BePositive();
        numbers["chat.store.size wal"].Should().Be(new FileInfo(Path.Combine(Data, "chat.db-wal")).Length).And.BePositive();
        numbers["chat.search.lag"].Should().BeApproximately(0.2, 0.001);
        numbers["chat.store.commit.age"].Should().BeInRange(0, 3600);
        numbers["chat.store.commit.duration"].Should().BeInRange(0, 3600);
        numbers["chat.store.disk.free"].Should().BePositive();
        await _metrics.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Files_that_are_gone_have_no_size_and_a_disk_that_is_gone_no_number()
    {
        Directory.Move(Data, Data + ".aside");

        var numbers = Observe();

        Directory.Move(Data + ".aside", Data);
        (numbers["chat.store.size log"], numbers["chat.store.size wal"]).Should().Be((0, 0));
        numbers.Should().NotContainKey("chat.store.disk.free");
    }

    [Fact]
    public async Task A_use_that_fails_is_named_until_it_works_again()
    {
        var health = new StoreHealth(_host.Log);
        (await health.CheckHealthAsync(new HealthCheckContext())).Status.Should().Be(HealthStatus.Healthy);
        await FluentActions.Awaiting(() => _host.Reads.ReadAsync<int>(_ => throw new LogUnavailableException("gone"), CancellationToken.None))
            .Should().ThrowAsync<LogUnavailableException>();

        var degraded = await health.CheckHealthAsync(new HealthCheckContext());

        (degraded.Status, degraded.Description).Should().Be((HealthStatus.Degraded, "event log cannot be used for: reading"));
        (Observe()["chat.store.available reading"], Observe()["chat.store.available writing"]).Should().Be((0, 1));
        await _host.Log.FindEventAsync(ThreadId.New(), "x", CancellationToken.None);
        (await health.CheckHealthAsync(new HealthCheckContext())).Status.Should().Be(HealthStatus.Healthy);
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
        lock (_numbers)
        {
            _numbers.Add((name, value));
        }
    }

    private Dictionary<string, double> Observe()
    {
        _listener.RecordObservableInstruments();
        lock (_numbers)
        {
            return _numbers.GroupBy(number => number.Name).ToDictionary(group => group.Key, group => group.Last().Value);
        }
    }
}
