using BenchmarkDotNet.Attributes;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>A delta as a followed thread's node takes it, into the socket of every follower.</summary>
[MemoryDiagnoser]
public class PublishBenchmarks
{
    private const string Text = " and then";

    /// <summary>A part ends in an event now and then, as parts do: its text must not grow without bound.</summary>
    private const int DeltasOfAPart = 200;

    private readonly RunId _run = RunId.New();
    private readonly byte[] _ended = WireJson.Encode(
        new AgentPart { ThreadId = ThreadId.New(), Seq = 41, RunId = RunId.New(), PartId = PartId.New(), Kind = PartKind.Text, Text = "Let us look." });

    private OpenConnections _open = null!;
    private ThreadFanout _fanout = null!;
    private PartId _part;
    private int _said;
    private long _head;
    private long _taken;

    [Params(1, 100, 1000)]
    public int Followers { get; set; }

    [GlobalSetup]
    public void Follow()
    {
        _open = new OpenConnections(Followers);
        _fanout = new ThreadFanout(
            ThreadId.New(), new LogPages(_open.Services.GetRequiredService<IEventLog>()), _open.Router, TimeProvider.System, NullLogger.Instance);
        _fanout.Resume(new ThreadSnapshot(UserId.New(), 0, [], null));
        foreach (var connection in _open.All)
        {
            _fanout.Join(new Follower(_open.Router, connection.Context.Id, cursor: 0, known: [], announcesCaughtUp: false));
        }
    }

    [GlobalCleanup]
    public async Task LeaveAsync()
    {
        if (_open.Sent != _taken * Followers)
        {
            throw new InvalidOperationException($"{_taken} frames were published, {_open.Sent} came to the sockets of {Followers} followers.");
        }

        await _open.DisposeAsync();
    }

    [Benchmark(Description = "publish delta")]
    public void Publish()
    {
        if (_said == 0)
        {
            _part = PartId.New();
        }

        Take(new PublishedItem(default, new PartText(_run, _part, PartKind.Text, _said * Text.Length, Text), _head));
        if (++_said == DeltasOfAPart)
        {
            _said = 0;
            Take(new PublishedItem(new EncodedEvent(++_head, _ended, EndsPart: true), null, 0));
        }
    }

    private void Take(PublishedItem item)
    {
        _taken++;
        if (!_fanout.Take([item]))
        {
            throw new InvalidOperationException("A publish was missed.");
        }
    }
}
