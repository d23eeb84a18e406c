using BenchmarkDotNet.Attributes;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>A frame of a client to its handler and the answer out again, and a frame of a thread to a connection: each time another one's, in no order.</summary>
[MemoryDiagnoser]
public class RouteBenchmarks
{
    private readonly PingFrame _ping = new() { Id = ClientFrameId.New() };
    private readonly OutboundFrame _delta = OutboundFrame.Of(ThreadId.New(), new PartText(RunId.New(), PartId.New(), PartKind.Text, 1234, " and then"));
    private OpenConnections _open = null!;
    private AgentMessageHandler[] _handlers = [];
    private ConnectionId[] _ids = [];
    private int _pingBytes;
    private int _next;
    private long _taken;

    [Params(10, 10_000)]
    public int Connections { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _open = new OpenConnections(Connections);
        OpenConnection[] connections = [.. _open.All];
        new Random(20261123).Shuffle(connections);
        _handlers = [.. connections.Select(connection => connection.Handler)];
        _ids = [.. connections.Select(connection => connection.Context.Id)];
        _pingBytes = WireJson.Encode(_ping).Length;
    }

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        if (_open.Sent != _taken)
        {
            throw new InvalidOperationException($"{_taken} frames were routed, {_open.Sent} came to a socket.");
        }

        await _open.DisposeAsync();
    }

    [Benchmark(Description = "route ping")]
    public bool Route() => _open.Router.Route(_ids[Next()], _ping, _pingBytes);

    /// <summary>The same without the router: what of the cost is its own, and what the connection's.</summary>
    [Benchmark(Description = "handle ping")]
    public void Handle() => _handlers[Next()].Handle(_ping, _pingBytes);

    [Benchmark(Description = "deliver delta")]
    public void Deliver()
    {
        if (_open.Router.Find(_ids[Next()]) is { } outbox && outbox.Add(_delta))
        {
            outbox.Flush();
        }
    }

    private int Next()
    {
        _taken++;
        return _next = _next + 1 < _ids.Length ? _next + 1 : 0;
    }
}
