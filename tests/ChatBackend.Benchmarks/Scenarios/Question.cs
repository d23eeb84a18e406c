using System.Text.Json;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>What a client asks of the scripted agent, and what it will be told.</summary>
internal sealed record Question(string Content, string Answer, int Deltas)
{
    /// <summary>Four letters a delta, as a token has them.</summary>
    public static Question Of(int deltas, int everyMs = 0)
    {
        var answer = string.Concat(Enumerable.Range(0, deltas).Select(i => $"{i % 1000:000} "));
        var content = JsonSerializer.Serialize(new { steps = new[] { new { say = answer, chunks = deltas, every_ms = everyMs } } });
        return new Question(content, answer, deltas);
    }

    /// <summary>What a client is sent for it: ack, message, start, deltas, answer.</summary>
    public int Events => Deltas + 4;
}
