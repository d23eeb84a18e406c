using ChatBackend.Protocol;
using ChatBackend.Threads;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>A run of a new thread, and what its sink asks the thread.</summary>
internal sealed class RunBench : IAsyncDisposable
{
    public const string Id = "run_1";

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private RunBench(WriterBench thread, TimeProvider clock)
    {
        Thread = thread;
        Sink = new RunSink(thread.Writer.State!.Run!, thread.Writer, thread.Live, Interval, clock, NullLogger.Instance)
        {
            Next = _ => Next,
            TitleAsync = (_, answer) =>
            {
                TitledBy.Add(answer);
                return Task.FromResult(Title);
            },
            Ended = () => Ends++,
        };
    }

    public static RunId Run => new(Id);

    public WriterBench Thread { get; }

    public RunSink Sink { get; }

    public AgentStarted? Next { get; set; }

    public ThreadRenamed? Title { get; set; }

    /// <summary>The answers that a title was asked for with.</summary>
    public List<string?> TitledBy { get; } = [];

    /// <summary>How often the sink said that it is over.</summary>
    public int Ends { get; private set; }

    /// <param name="further">What comes after the run's start.</param>
    public static async Task<RunBench> StartAsync(TimeProvider clock, params ThreadEvent[] further)
    {
        var thread = await WriterBench.StartAsync(clock);
        await thread.CreateAsync([WriterBench.Message("msg_1"), WriterBench.Started(Id, "msg_1"), .. further]);
        thread.Live.AcceptOutputFrom(Run);
        return new RunBench(thread, clock);
    }

    public ValueTask WriteTextAsync(string text, PartKind kind = PartKind.Text) => Sink.WriteTextAsync(kind, text, CancellationToken.None);

    public Task BeginToolAsync(string call = "call_1") =>
        Sink.ToolStartsAsync(new CallId(call), "look", System.Text.Json.JsonElement.Parse("""{"at":1}"""), CancellationToken.None);

    /// <summary>All events after the run's start.</summary>
    public async Task<List<ThreadEvent>> EventsAsync() => (await Thread.EventsAsync())[2..];

    public ValueTask DisposeAsync() => Thread.DisposeAsync();
}
