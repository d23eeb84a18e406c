using System.Diagnostics.Metrics;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Telemetry;

/// <summary>Every number an operator can see, with a verb for each. Meter name <c>ChatBackend</c>.</summary>
/// <remarks>
/// The numbers are kept here and read when they are collected. An instrument that is told of changes forgets those from before
/// it had a listener: its series would be absent until the first change, and an open count could stay wrong.
/// </remarks>
internal sealed class ChatMetrics
{
    public const string MeterName = "ChatBackend";

    private static readonly string[] BackgroundServices = ["recovery", "retention", "erasure", "sweep"];

    private readonly LabelledCount _runs = new("outcome", "completed", "stopped", "failed");
    private readonly LabelledCount _connectionsClosed = new("reason");
    private readonly LabelledCount _requestsRefused = new("reason", RefusalReason.All);
    private readonly LabelledCount _errors = new("code");
    private readonly LabelledCount _feedback = new("rating", "up", "down", "none");
    private readonly LabelledCount _backgroundFailures = new("service", BackgroundServices);
    private readonly LabelledCount _backgroundItemsFailing = new("service", BackgroundServices);
    private readonly Histogram<double> _ackDuration;
    private readonly Meter _meter;
    private int _connectionsOpen;
    private int _scopesOpen;
    private int _runsOpen;
    private long _framesSent;
    private long _deltasCoalesced;
    private int _outboxPeak;
    private int _threadsQuarantined;

    public ChatMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _meter.CreateObservableUpDownCounter("chat.connections", () => Volatile.Read(ref _connectionsOpen), "{connection}", "Sockets that are open.");
        _meter.CreateObservableUpDownCounter("chat.connection.scopes", () => Volatile.Read(ref _scopesOpen), "{scope}", "DI scopes of connections that are not disposed.");
        _meter.CreateObservableUpDownCounter("chat.runs", () => Volatile.Read(ref _runsOpen), "{run}", "Runs without a terminal event.");
        _meter.CreateObservableCounter("chat.frames.sent", () => Volatile.Read(ref _framesSent), "{frame}", "Frames written to sockets.");
        _meter.CreateObservableCounter("chat.deltas.coalesced", () => Volatile.Read(ref _deltasCoalesced), "{delta}", "Deltas that went into one that waited already for a slow reader.");
        _meter.CreateObservableGauge("chat.outbox.peak", () => Volatile.Read(ref _outboxPeak), "By", "The most bytes that ever waited for one connection.");
        _meter.CreateObservableCounter("chat.runs.ended", _runs.Measure, "{run}", "Runs that ended, by outcome.");
        _meter.CreateObservableCounter("chat.connections.closed", _connectionsClosed.Measure, "{connection}", "Connections that ended, by reason.");
        _meter.CreateObservableCounter("chat.background.failures", _backgroundFailures.Measure, "{failure}", "Attempts of background services that failed, by service.");
        _meter.CreateObservableUpDownCounter("chat.background.failing_items", _backgroundItemsFailing.Measure, "{item}", "What background services could not do and try again, by service.");
        _meter.CreateObservableUpDownCounter("chat.threads.quarantined", () => ThreadsQuarantined, "{thread}", "Threads whose log cannot be read.");
        _meter.CreateObservableCounter("chat.requests.refused", _requestsRefused.Measure, "{request}", "HTTP requests, upgrades among them, that were refused, by reason.");
        _meter.CreateObservableCounter("chat.errors", _errors.Measure, "{error}", "Errors that clients were answered with, by code.");
        _meter.CreateObservableCounter("chat.feedback", _feedback.Measure, "{rating}", "Ratings of answers that users gave, by rating.");
        _ackDuration = _meter.CreateHistogram("chat.message.ack.duration", "s", "From the arrival of a chat frame until its ack is queued and its thread is followed.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
    }

    /// <summary>What background services could not do and try again, by service.</summary>
    public IEnumerable<(string Service, long Items)> BackgroundItemsFailing => _backgroundItemsFailing.Values.Where(service => service.Count > 0);

    public int ThreadsQuarantined => Volatile.Read(ref _threadsQuarantined);

    public void WatchHandlers(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("chat.connection.handlers", count, "{handler}", "Handlers the router knows.");

    public void WatchOutboxes(Func<long> bytes, Func<long> max)
    {
        _meter.CreateObservableUpDownCounter("chat.outbox.usage", bytes, "By", "Bytes that wait for connections that read slowly.");
        _meter.CreateObservableUpDownCounter("chat.outbox.limit", max, "By", "What may wait for all connections together.");
    }

    public void WatchListFollowers(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("chat.list.followers", count, "{follower}", "Connections that follow their user's list of threads.");

    /// <summary>An HTTP request, an upgrade among them, was refused.</summary>
    public void RequestRefused(string reason) => _requestsRefused.Increment(reason);

    /// <summary>A command or a request was answered with an error code.</summary>
    public void ErrorSent(string code) => _errors.Increment(code);

    /// <summary>An answer was rated; each time, also where it had been before.</summary>
    public void FeedbackGiven(FeedbackRating rating) => _feedback.Increment(JsonNamingPolicy.SnakeCaseLower.ConvertName(rating.ToString()));

    public void WatchLeftCommands(Func<long> bytes) =>
        _meter.CreateObservableUpDownCounter("chat.left_commands.usage", bytes, "By", "Commands that closed connections left and that are still carried out.");

    public void WatchHistories(Func<long> bytes) =>
        _meter.CreateObservableUpDownCounter("chat.history_cache.usage", bytes, "By", "Memory for what models were shown, kept for the next run.");

    public void WatchDescriptors(int limit, Func<int> open)
    {
        _meter.CreateObservableUpDownCounter("chat.file_descriptors", open, "{file_descriptor}", "File descriptors that this process has open.");
        _meter.CreateObservableUpDownCounter("chat.file_descriptors.limit", () => limit, "{file_descriptor}", "File descriptors that this process may have open.");
    }

    public void WatchSocketsRefused(Func<long> count) =>
        _meter.CreateObservableCounter("chat.sockets.refused", count, "{socket}", "Sockets that were closed at once, before they used up the file descriptors.");

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

    public void FrameSent() => Interlocked.Increment(ref _framesSent);

    /// <summary>A frame found a send under way.</summary>
    /// <param name="bytes">What waits for its connection with it.</param>
    public void FrameWaits(int bytes, bool isGathered)
    {
        if (isGathered)
        {
            Interlocked.Increment(ref _deltasCoalesced);
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

    public void MessageAcked(TimeSpan elapsed) => _ackDuration.Record(elapsed.TotalSeconds);
}
