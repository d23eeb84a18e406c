using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ChatBackend.Mcp.Servers;

/// <summary>The numbers of MCP servers, in the meter of the chat backend. Kept here and read when they are collected, so that none is lost before there is a listener.</summary>
internal sealed class McpMetrics
{
    private readonly ConcurrentDictionary<string, Counts> _servers = new();
    private readonly Histogram<double> _duration;

    public McpMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("ChatBackend");
        meter.CreateObservableUpDownCounter("chat.mcp.connections", () => Measure(counts => counts.Connections), "{connection}", "Connections to MCP servers, by server.");
        meter.CreateObservableCounter("chat.mcp.restarts", () => Measure(counts => counts.Restarts), "{restart}", "Further attempts to start or to reach an MCP server, by server.");
        meter.CreateObservableCounter("chat.mcp.calls.failed", () => Measure(counts => counts.Failed), "{call}", "Calls of tools of MCP servers that failed, by server.");
        meter.CreateObservableCounter("chat.mcp.calls", () => Measure(counts => counts.Calls), "{call}", "Calls of tools of MCP servers that ended, by server.");
        _duration = meter.CreateHistogram("chat.mcp.call.duration", "s", "From a call of an MCP server until its result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300] });
    }

    /// <summary>It is there from then on, with zeros.</summary>
    public void Add(string server) => Of(server);

    public void Connected(string server, int change) => Interlocked.Add(ref Of(server).Connections, change);

    public void Restarted(string server) => Interlocked.Increment(ref Of(server).Restarts);

    public void Called(string server, bool failed, TimeSpan duration)
    {
        var counts = Of(server);
        Interlocked.Increment(ref counts.Calls);
        if (failed)
        {
            Interlocked.Increment(ref counts.Failed);
        }

        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("server", server));
    }

    private Counts Of(string server) => _servers.GetOrAdd(server, _ => new Counts());

    private IEnumerable<Measurement<long>> Measure(Func<Counts, long> count) =>
        _servers.Select(server => new Measurement<long>(count(server.Value), new KeyValuePair<string, object?>("server", server.Key)));

    private sealed class Counts
    {
        public long Connections;
        public long Restarts;
        public long Calls;
        public long Failed;
    }
}
