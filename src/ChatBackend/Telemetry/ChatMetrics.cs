using System.Diagnostics.Metrics;

namespace ChatBackend.Telemetry;

/// <summary>Every number an operator can see, with a verb for each. Meter name <c>ChatBackend</c>.</summary>
/// <remarks>
/// The numbers are kept here and read when somebody looks. An instrument that is told of changes forgets those from before
/// it had a listener: its series would be absent until the first change, and an open count could be wrong for ever.
/// </remarks>
internal sealed class ChatMetrics
{
    public const string MeterName = "ChatBackend";

    private static readonly string[] BackgroundServices = ["recovery", "retention", "erasure", "sweep"];

    private readonly LabelledCount _runs = new("outcome", "completed", "stopped", "failed");
    private readonly LabelledCount _connectionsClosed = new("reason");
    private readonly LabelledCount _requestsRefused = new("reason", RefusalReason.All);
    private readonly LabelledCount _errors = new("code");
    private readonly LabelledCount _backgroundFailures = new("service", BackgroundServices);
    private readonly LabelledCount _backgroundItemsFailing = new("service", BackgroundServices);
    private readonly Histogram<double> _firstEvent;
    private readonly Meter _meter;
    private int _connectionsOpen;
    private int _scopesOpen;
    private int _runsOpen;
    private long _eventsSent;
    private long _deltasGathered;
    private int _outboxPeak;
    private int _threadsQuarantined;

    public ChatMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _meter.CreateObservableUpDownCounter("chat_connections_open", () => Volatile.Read(ref _connectionsOpen), description: "Sockets that are open.");
        _meter.CreateObservableUpDownCounter("chat_connection_scopes_open", () => Volatile.Read(ref _scopesOpen), description: "DI scopes of connections that are not disposed.");
        _meter.CreateObservableUpDownCounter("chat_runs_open", () => Volatile.Read(ref _runsOpen), description: "Runs without a terminal event.");
        _meter.CreateObservableCounter("chat_events_sent", () => Volatile.Read(ref _eventsSent), description: "Frames written to sockets.");
        _meter.CreateObservableCounter("chat_deltas_gathered", () => Volatile.Read(ref _deltasGathered), description: "Deltas that went into one that waited already for a slow reader.");
        _meter.CreateObservableGauge("chat_outbox_bytes_peak", () => Volatile.Read(ref _outboxPeak), description: "The most bytes that ever waited for one connection.");
        _meter.CreateObservableCounter("chat_runs", _runs.Measure, description: "Runs that ended, by outcome.");
        _meter.CreateObservableCounter("chat_connections_closed", _connectionsClosed.Measure, description: "Connections that ended, by reason.");
        _meter.CreateObservableCounter("chat_background_failures", _backgroundFailures.Measure, description: "Attempts of background services that failed, by service.");
        _meter.CreateObservableUpDownCounter("chat_background_items_failing", _backgroundItemsFailing.Measure, description: "What background services could not do and try again, by service.");
        _meter.CreateObservableUpDownCounter("chat_threads_quarantined", () => ThreadsQuarantined, description: "Threads whose log cannot be read.");
        _meter.CreateObservableCounter("chat_requests_refused", _requestsRefused.Measure, description: "HTTP requests, upgrades among them, that were refused, by reason.");
        _meter.CreateObservableCounter("chat_errors", _errors.Measure, description: "Errors that clients were answered with, by code.");
        _firstEvent = _meter.CreateHistogram("chat_first_event", "s", "From the arrival of a chat frame until its ack is queued and its thread is followed.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
    }

    /// <summary>What background services could not do and try again, by service.</summary>
    public IEnumerable<(string Service, long Items)> BackgroundItemsFailing => _backgroundItemsFailing.Values.Where(service => service.Count > 0);

    public int ThreadsQuarantined => Volatile.Read(ref _threadsQuarantined);

    public void WatchHandlers(Func<int> count) =>
        _meter.CreateObservableGauge("chat_handlers_registered", count, description: "Handlers the router knows.");

    public void WatchOutboxes(Func<long> bytes, Func<long> max)
    {
        _meter.CreateObservableGauge("chat_outbox_bytes", bytes, description: "Bytes that wait for connections that read slowly.");
        _meter.CreateObservableGauge("chat_outbox_bytes_max", max, description: "What may wait for all connections together.");
    }

    /// <summary>An HTTP request, an upgrade among them, was refused.</summary>
    public void RequestRefused(string reason) => _requestsRefused.Increment(reason);

    /// <summary>A command or a request was answered with an error code.</summary>
    public void ErrorSent(string code) => _errors.Increment(code);

    public void WatchLeftCommands(Func<long> bytes) =>
        _meter.CreateObservableGauge("chat_left_command_bytes", bytes, description: "Commands that closed connections left and that are still carried out.");

    public void WatchHistories(Func<long> bytes) =>
        _meter.CreateObservableGauge("chat_history_bytes", bytes, description: "Memory for what models were shown, kept for the next run.");

    public void WatchDescriptors(int limit, Func<int> open)
    {
        _meter.CreateObservableGauge("chat_descriptors_open", open, description: "File descriptors that this process has open.");
        _meter.CreateObservableGauge("chat_descriptors_limit", () => limit, description: "File descriptors that this process may have open.");
    }

    public void WatchSocketsRefused(Func<long> count) =>
        _meter.CreateObservableCounter("chat_sockets_refused", count, description: "Sockets that were closed at once, before they used up the file descriptors.");

    public void ConnectionOpened() => Interlocked.Increment(ref _connectionsOpen);

    public void ConnectionClosed(string reason)
    {
        Interlocked.Decrement(ref _connectionsOpen);
        _connectionsClosed.Increment(reason);
    }

    public void ScopeOpened() => Interlocked.Increment(ref _scopesOpen);

    public void ScopeClosed() => Interlocked.Decrement(ref _scopesOpen);

    public void RunStarted() => Interlocked.Increment(ref _runsOpen);

    public void RunEnded(string outcome)
    {
        Interlocked.Decrement(ref _runsOpen);
        RunRecovered(outcome);
    }

    /// <summary>A run of an earlier process was ended here; it was never open in this one.</summary>
    public void RunRecovered(string outcome) => _runs.Increment(outcome);

    public void EventSent() => Interlocked.Increment(ref _eventsSent);

    /// <summary>A frame found a send under way.</summary>
    /// <param name="bytes">What waits for its connection with it.</param>
    public void FrameWaits(int bytes, bool isGathered)
    {
        if (isGathered)
        {
            Interlocked.Increment(ref _deltasGathered);
        }

        for (var peak = Volatile.Read(ref _outboxPeak); bytes > peak;)
        {
            var seen = Interlocked.CompareExchange(ref _outboxPeak, bytes, peak);
            peak = seen == peak ? bytes : seen;
        }
    }

    public void BackgroundAttemptFailed(string service) => _backgroundFailures.Increment(service);

    /// <param name="change">1 when an item begins to fail, -1 when it fails no more.</param>
    public void BackgroundItemFails(string service, int change) => _backgroundItemsFailing.Add(service, change);

    public void ThreadQuarantined() => Interlocked.Increment(ref _threadsQuarantined);

    public void ThreadReleased() => Interlocked.Decrement(ref _threadsQuarantined);

    public void FirstEvent(TimeSpan elapsed) => _firstEvent.Record(elapsed.TotalSeconds);
}
