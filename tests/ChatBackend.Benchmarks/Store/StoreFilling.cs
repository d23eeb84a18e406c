using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Benchmarks.Store;

/// <summary>Writes a store full of one user's threads, through the log as the server does it, many threads to a commit.</summary>
internal sealed class StoreFilling(IEventLog log, UserId user, int threads, int events)
{
    public const string Rare = "quokka archipelago";
    public const string Common = "word1 word2";

    private const int AtOnce = 64;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(20261123);

    /// <returns>A thread in the middle of the store.</returns>
    public async Task<ThreadId> RunAsync()
    {
        var appends = new List<Task<AppendResult>>();
        var middle = default(ThreadId);
        for (var i = 0; i < threads; i++)
        {
            var append = Thread(i);
            middle = i == threads / 2 ? append.Thread : middle;
            appends.Add(log.AppendAsync(append, CancellationToken.None));
            if (appends.Count == AtOnce)
            {
                await DoneAsync(appends);
            }
        }

        await DoneAsync(appends);
        return middle;
    }

    private static async Task DoneAsync(List<Task<AppendResult>> appends)
    {
        foreach (var result in await Task.WhenAll(appends))
        {
            if (result is not AppendResult.Appended)
            {
                throw new InvalidOperationException($"A new thread was not taken: {result}.");
            }
        }

        appends.Clear();
    }

    private LogAppend Thread(int index)
    {
        var (thread, at) = (ThreadId.New(), Start.AddMinutes(index));
        return new LogAppend
        {
            Thread = thread,
            Epoch = 1,
            Head = 0,
            NewOwner = user,
            OpenFrom = null,
            At = at,
            Title = $"Thread {index}",
            Events = [.. Enumerable.Range(1, events / threads).Select(seq => Event(thread, seq, at))],
        };
    }

    /// <summary>Runs of five events: the message, the start, a tool's two, the answer. Two of them hold text.</summary>
    private LogEvent Event(ThreadId thread, int seq, DateTimeOffset at)
    {
        var run = RunId.New();
        var text = Text();
        ThreadEvent threadEvent = (seq % 5) switch
        {
            1 => new UserMessage { MessageId = MessageId.New(), Content = text, ClientId = ClientFrameId.New() },
            2 => new AgentStarted { RunId = run, Agent = "demo", MessageId = MessageId.New() },
            0 => new AgentCompleted { RunId = run, MessageId = MessageId.New(), Content = text, DurationMs = 100 },
            _ => new AgentPart { RunId = run, PartId = PartId.New(), Kind = PartKind.Thinking, Text = "Let us look." },
        };
        var id = (threadEvent as UserMessage)?.MessageId.Value;
        return new LogEvent(seq, WireJson.Encode(threadEvent with { ThreadId = thread, Seq = seq, At = at }), id);
    }

    private string Text()
    {
        // Few words are common and many rare, as in any language.
        var words = Enumerable.Range(0, 20).Select(_ => $"word{(int)Math.Pow(5000, _random.NextDouble())}");
        return string.Join(' ', words) + (_random.Next(10_000) == 0 ? $" {Rare}" : "");
    }
}
