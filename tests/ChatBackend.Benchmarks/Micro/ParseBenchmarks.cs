using BenchmarkDotNet.Attributes;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>What a client sends, from bytes to a frame.</summary>
[MemoryDiagnoser]
public class ParseBenchmarks
{
    private readonly byte[] _chat = WireJson.Encode(new ChatFrame
    {
        Id = ClientFrameId.New(),
        ThreadId = ThreadId.New(),
        Content = "Which of the three offers is the cheapest, if we need it by Friday?",
    });

    private readonly byte[] _ping = WireJson.Encode(new PingFrame { Id = ClientFrameId.New() });

    private readonly byte[] _follow = WireJson.Encode(new FollowFrame
    {
        Id = ClientFrameId.New(),
        ThreadId = ThreadId.New(),
        AfterSeq = 1234,
        Parts = [new PartPosition { PartId = PartId.New(), Length = 567 }],
    });

    [Benchmark(Description = "parse chat")]
    public ClientFrameResult Chat() => ClientFrameReader.Read(_chat);

    [Benchmark(Description = "parse ping")]
    public ClientFrameResult Ping() => ClientFrameReader.Read(_ping);

    [Benchmark(Description = "parse follow")]
    public ClientFrameResult Follow() => ClientFrameReader.Read(_follow);
}
