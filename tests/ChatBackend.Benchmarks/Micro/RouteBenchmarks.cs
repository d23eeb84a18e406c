using BenchmarkDotNet.Attributes;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Threads;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>A frame of a client to its handler and the answer out again, and a frame of a thread to a connection: each time another one's, in no order.</summary>
[MemoryDiagnoser]
public class RouteBenchmarks
{
    private readonly PingFrame _ping = new() { Id = ClientFrameId.New() };
    private readonly OutgoingFrame _delta = OutgoingFrame.Of(ThreadId.New(), new PartText(RunId.New(), PartId.New(), PartKind.Text, 1234, " and then"));
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
        _handlers = [.. _open.Handlers];
        new Random(20261123).Shuffle(_handlers);
        _ids = [.. _handlers.Select(handler => handler.Id)];
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
    public void Handle() => _handlers[Next()].Take(_ping, _pingBytes);

    [Benchmark(Description = "deliver delta")]
    public bool Deliver() => _open.Router.Deliver(_ids[Next()], _delta);

    private int Next()
    {
        _taken++;
        return _next = _next + 1 < _ids.Length ? _next + 1 : 0;
    }
}
