using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>One thread's writer on a log of its own, with the faults and the time that a test gives it.</summary>
internal sealed class WriterBench : IAsyncDisposable
{
    private readonly DirectoryInfo _data;
    private readonly SqliteLogHost _host;
    private readonly TimeProvider _clock;

    private WriterBench(DirectoryInfo data, SqliteLogHost host, TimeProvider clock)
    {
        (_data, _host, _clock) = (data, host, clock);
        Log = new FaultyLog(host.Log) { FaultOf = FaultOf };
        Live = new ThreadPublisher(Thread, clock, NullLogger.Instance);
        Writer = new ThreadWriter(Thread, Log, Live, clock);
    }

    public ThreadId Thread { get; } = ThreadId.New();

    public UserId Owner { get; } = UserId.New();

    public FaultyLog Log { get; }

    public IThreadStore Store => _host.Log;

    public ThreadPublisher Live { get; }

    public ThreadWriter Writer { get; }

    /// <summary>What was appended or tried to be, since the thread was created.</summary>
    public List<LogAppend> Appends { get; } = [];

    /// <summary>What becomes of the next appends.</summary>
    public Queue<AppendFault> Faults { get; } = new();

    /// <summary>Called with each append.</summary>
    public Action Appending { get; set; } = () => { };

    /// <summary>Leaves what a process leaves that died in the middle of these events, with a piece of text that it had saved of an open run.</summary>
    public static async Task LeaveAsync(ChatServer server, ThreadId thread, UserId owner, params ThreadEvent[] events)
    {
        var writer = new ThreadWriter(
            thread, server.Services.GetRequiredService<IEventLog>(), new ThreadPublisher(thread, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        await writer.AppendAsync(events, creator: owner);
        if (writer.State!.Run is { } run)
        {
            await writer.AppendAsync([], checkpoint: new PartCheckpoint(run.Id, new PartId("part_1"), PartKind.Text, 0, "saved text"));
        }
    }

    public static async Task<WriterBench> StartAsync(TimeProvider clock)
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        return new WriterBench(data, await SqliteLogHost.StartAsync(data.FullName), clock);
    }

    /// <summary>Makes the thread with these events.</summary>
    public async Task CreateAsync(params ThreadEvent[] events)
    {
        using (await Writer.EnterAsync())
        {
            (await Writer.AppendAsync(events, creator: Owner)).Should().Be(AppendResult.Appended.Instance);
        }

        Appends.Clear();
    }

    public async Task AppendAsync(params ThreadEvent[] events)
    {
        using (await Writer.EnterAsync())
        {
            (await Writer.AppendAsync(events)).Should().Be(AppendResult.Appended.Instance);
        }

        Appends.Clear();
    }

    /// <summary>Another writer of the same thread, that has it not yet.</summary>
    public ThreadWriter Another(ThreadPublisher? live = null) => new(Thread, Log, live ?? new ThreadPublisher(Thread, _clock, NullLogger.Instance), _clock);

    public async Task<List<ThreadEvent>> EventsAsync() =>
        (await _host.Log.ReadAsync(Thread, 0, int.MaxValue, int.MaxValue, TestContext.Current.CancellationToken)).DecodedAfter(0, Thread);

    public void Fail(AppendFault fault, int times = 1) => Enumerable.Repeat(fault, times).ToList().ForEach(Faults.Enqueue);

    public static UserMessage Message(string id, WhenRunning? whenRunning = null, string? content = null) => new()
    {
        MessageId = new MessageId(id), Content = content ?? $"says {id}", ClientId = ClientFrameId.New(), WhenRunning = whenRunning,
    };

    public static AgentStarted Started(string run, string message, string agent = "script") =>
        new() { RunId = new RunId(run), Agent = agent, MessageId = new MessageId(message) };

    public static ApprovalRequired Required(string run, string call, DateTimeOffset expiresAt, string digest = "sha256:1") => new()
    {
        RunId = new RunId(run), CallId = new CallId(call), Tool = "mail", Arguments = System.Text.Json.JsonElement.Parse("{}"), ArgumentsDigest = digest, ExpiresAt = expiresAt,
    };

    public static ToolCompleted Completed(string run, string call, ToolOutcome outcome = ToolOutcome.Succeeded, long durationMs = 1) =>
        new() { RunId = new RunId(run), CallId = new CallId(call), Tool = "mail", Outcome = outcome, DurationMs = durationMs };

    public static AgentCompleted Answered(string run, string content = "answer") =>
        new() { RunId = new RunId(run), MessageId = MessageId.New(), Content = content, DurationMs = 1 };

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private AppendFault? FaultOf(LogAppend append)
    {
        Appending();
        Appends.Add(append);
        return Faults.TryDequeue(out var fault) ? fault : null;
    }
}

/// <summary>A node that takes whatever is published to it.</summary>
internal sealed class RecordingNode : INodeObserver
{
    public List<ThreadBatch> Batches { get; } = [];

    public IEnumerable<PublishedItem> Items => Batches.SelectMany(batch => batch.Items);

    public Task Publish(ThreadBatch batch)
    {
        Batches.Add(batch);
        return Task.CompletedTask;
    }
}
