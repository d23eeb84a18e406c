using BenchmarkDotNet.Attributes;
using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>What the server sends, from a frame to bytes.</summary>
[MemoryDiagnoser]
public class EncodeBenchmarks
{
    private static readonly ThreadId Thread = ThreadId.New();
    private static readonly RunId Run = RunId.New();

    private readonly ServerFrame _delta = new AgentDelta { ThreadId = Thread, RunId = Run, PartId = PartId.New(), Offset = 1234, Text = " and then" };

    private readonly ServerFrame _message = new UserMessage
    {
        ThreadId = Thread,
        Seq = 41,
        At = TimeProvider.System.GetUtcNow(),
        MessageId = MessageId.New(),
        ClientId = ClientFrameId.New(),
        Content = "Which of the three offers is the cheapest, if we need it by Friday?",
    };

    private readonly ServerFrame _completed = new AgentCompleted
    {
        ThreadId = Thread,
        Seq = 43,
        At = TimeProvider.System.GetUtcNow(),
        RunId = Run,
        MessageId = MessageId.New(),
        Content = string.Concat(Enumerable.Repeat("The second offer is the cheapest. ", 61))[..2048],
        DurationMs = 1234,
    };

    [Benchmark(Description = "encode agent_delta")]
    public byte[] Delta() => WireJson.Encode(_delta);

    [Benchmark(Description = "encode user_message")]
    public byte[] Message() => WireJson.Encode(_message);

    [Benchmark(Description = "encode agent_completed of 2 KB")]
    public byte[] Completed() => WireJson.Encode(_completed);
}
