using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

/// <summary>A thread's writer as the grain is one: knows its epoch and head, and moves on with each append that succeeded.</summary>
internal sealed class LogWriter(IEventLog log, ThreadId thread, UserId owner)
{
    public static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public ThreadId Thread { get; } = thread;

    public UserId Owner { get; } = owner;

    public long Epoch { get; private set; } = 1;

    public long Head { get; private set; }

    public static LogWriter OfNewThread(IEventLog log, UserId? owner = null) => new(log, ThreadId.New(), owner ?? UserId.New());

    public static async Task<LogWriter> StartAsync(IEventLog log, UserId? owner = null)
    {
        var writer = OfNewThread(log, owner);
        (await writer.AppendAsync("first")).Should().Be(AppendResult.Appended.Instance);
        return writer;
    }

    public static CommandRecord Command(UserId user, string id, string ack = "{}") =>
        new(user, new ClientFrameId(id), new byte[32], Encoding.UTF8.GetBytes(ack));

    /// <summary>What takes as much room on the disk as it has bytes.</summary>
    public static byte[] Incompressible(int bytes)
    {
        var noise = new byte[bytes];
        new Random(bytes).NextBytes(noise);
        return noise;
    }

    public async Task<LogWriter> TakeOverAsync()
    {
        var header = await log.OpenAsync(Thread, TestContext.Current.CancellationToken);
        return new LogWriter(log, Thread, Owner) { Epoch = header!.Epoch, Head = header.Head };
    }

    /// <summary>The same thread in another log.</summary>
    public LogWriter On(IEventLog other) => new(other, Thread, Owner) { Epoch = Epoch, Head = Head };

    public Task<AppendResult> AppendAsync(params string[] texts) => AppendAsync(Next(texts));

    public async Task<AppendResult> AppendAsync(LogAppend append)
    {
        // The head moves with the call, as appends may be in flight one behind the other.
        Head += append.Events.Count;
        return await log.AppendAsync(append, TestContext.Current.CancellationToken);
    }

    public LogAppend Next(params string[] texts) => new()
    {
        Thread = Thread,
        Epoch = Epoch,
        Head = Head,
        NewOwner = Head == 0 ? Owner : null,
        OpenFrom = null,
        At = At,
        Events = [.. texts.Select((text, i) => new LogEvent(Head + 1 + i, Encoding.UTF8.GetBytes(text)))],
    };

    /// <summary>The next event, to be found again by an id.</summary>
    public LogAppend NextOf(string id, string text) =>
        Next(text) with { Events = [new LogEvent(Head + 1, Encoding.UTF8.GetBytes(text), id)] };

    /// <summary>Appends messages as a search finds them.</summary>
    public Task<AppendResult> WriteTextAsync(params string[] texts) => AppendAsync(Next() with
    {
        Events = [.. texts.Select((text, i) => Event(new UserMessage { MessageId = MessageId.New(), Content = text, ClientId = ClientFrameId.New() }, i))],
    });

    /// <summary>An event of the thread's as its writer puts it into the log, the next one or a later one.</summary>
    public LogEvent Event(ThreadEvent draft, int ahead = 0)
    {
        var threadEvent = draft with { ThreadId = Thread, Seq = Head + 1 + ahead, At = At };
        return new LogEvent(
            threadEvent.Seq, WireJson.Encode(threadEvent), (threadEvent as UserMessage)?.MessageId.Value, (threadEvent as ThreadRewound)?.ToSeq,
            (threadEvent as MessageRemoved)?.MessageId.Value);
    }

    public async Task<string[]> ReadTextsAsync() =>
        [.. (await log.ReadAsync(Thread, 0, int.MaxValue, int.MaxValue, TestContext.Current.CancellationToken)).Select(e => Encoding.UTF8.GetString(e.Json.Span))];
}
