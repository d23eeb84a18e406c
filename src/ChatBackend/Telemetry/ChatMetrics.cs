using System.Diagnostics.Metrics;

namespace ChatBackend.Telemetry;

/// <summary>Every number an operator can see, with a verb for each. Meter name <c>ChatBackend</c>.</summary>
internal sealed class ChatMetrics
{
    public const string MeterName = "ChatBackend";

    private readonly UpDownCounter<int> _connectionsOpen;
    private readonly UpDownCounter<int> _scopesOpen;
    private readonly UpDownCounter<int> _runsOpen;
    private readonly Counter<long> _runs;
    private readonly Counter<long> _eventsSent;
    private readonly Counter<long> _connectionsClosed;
    private readonly Histogram<double> _firstEvent;
    private readonly Meter _meter;

    public ChatMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _connectionsOpen = _meter.CreateUpDownCounter<int>("chat_connections_open", description: "Sockets that are open.");
        _scopesOpen = _meter.CreateUpDownCounter<int>("chat_connection_scopes_open", description: "DI scopes of connections that are not disposed.");
        _runsOpen = _meter.CreateUpDownCounter<int>("chat_runs_open", description: "Runs without a terminal event.");
        _runs = _meter.CreateCounter<long>("chat_runs", description: "Runs that ended, by outcome.");
        _eventsSent = _meter.CreateCounter<long>("chat_events_sent", description: "Frames written to sockets.");
        _connectionsClosed = _meter.CreateCounter<long>("chat_connections_closed", description: "Connections that ended, by reason.");
        _firstEvent = _meter.CreateHistogram("chat_first_event", "s", "From a chat frame's arrival to the first event of its run on the same connection.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        // Present from the start: a series that appears with its first event is missed by alerts.
        _connectionsOpen.Add(0);
        _scopesOpen.Add(0);
        _runsOpen.Add(0);
        _eventsSent.Add(0);
    }

    public void WatchHandlers(Func<int> count) =>
        _meter.CreateObservableGauge("chat_handlers_registered", count, description: "Handlers the router knows.");

    public void ConnectionOpened() => _connectionsOpen.Add(1);

    public void ConnectionClosed(string reason)
    {
        _connectionsOpen.Add(-1);
        _connectionsClosed.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    public void ScopeOpened() => _scopesOpen.Add(1);

    public void ScopeClosed() => _scopesOpen.Add(-1);

    public void RunStarted() => _runsOpen.Add(1);

    public void RunEnded(string outcome)
    {
        _runsOpen.Add(-1);
        RunAdopted(outcome);
    }

    /// <summary>A run of an earlier process was ended here; it was never open in this one.</summary>
    public void RunAdopted(string outcome) => _runs.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void EventSent() => _eventsSent.Add(1);

    public void FirstEvent(TimeSpan elapsed) => _firstEvent.Record(elapsed.TotalSeconds);
}
