using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Following;

/// <summary>The live end of a followed thread with connections, a log and time that a test has in its hands.</summary>
internal sealed class FollowerBench
{
    private static readonly UserId Owner = new("usr_1");
    private static readonly RunId Run = new("run_1");

    public FollowerBench(TimeProvider clock)
    {
        Outboxes = new TestOutboxes(Deliver, (_, bytes) => HasRoom(bytes), (_, bytes, stopping) => WaitForRoomAsync(bytes, stopping));
        Fanout = new ThreadFanout(Thread, new LogPages(PagesOnly.Log((after, most) => Read(after, most))), Outboxes, clock, Lines);
    }

    public static ThreadId Thread { get; } = new("thr_1");

    public ThreadFanout Fanout { get; }

    public TestOutboxes Outboxes { get; }

    public LogLines Lines { get; } = new("");

    /// <summary>What was delivered, as connection and frame.</summary>
    public List<string> Delivered { get; } = [];

    /// <summary>After which events the log was asked.</summary>
    public List<long> Reads { get; } = [];

    /// <summary>Bytes that were waited for.</summary>
    public List<int> Waits { get; } = [];

    public Func<int, bool> HasRoom { get; set; } = _ => true;

    public Func<bool> Room { get; set; } = () => true;

    /// <summary>While it is set, room is waited for.</summary>
    public TaskCompletionSource<bool>? RoomComes { get; set; }

    public Action<string> Delivering { get; set; } = _ => { };

    /// <summary>Pages of a log of this many events; what is not there is not given.</summary>
    public Func<long, int, IReadOnlyList<StoredEvent>> Log { get; set; } = (_, _) => throw new InvalidOperationException("Everything this test needs is in memory.");

    public static IReadOnlyList<StoredEvent> Events(long after, long to) =>
        [.. Enumerable.Range(1, (int)to).Where(seq => seq > after).Select(seq => new StoredEvent(seq, Encoding.UTF8.GetBytes($"event {seq}")))];

    public Follower Join(long cursor, string connection = "con_1", bool announces = false, params PartPosition[] known) =>
        Fanout.Join(new Follower(Outboxes, new ConnectionId(connection), cursor, known, announces));

    public bool Resume(long head, PartText? part = null, params long[] recent) =>
        Fanout.Resume(new ThreadSnapshot(Owner, head, [.. recent.Select(seq => Event(seq).Event)], part));

    public bool Take(params PublishedItem[] items) => Fanout.Take(items);

    public static PublishedItem Event(long seq, bool endsPart = false) => new(new EncodedEvent(seq, Encoding.UTF8.GetBytes($"event {seq}"), endsPart), null, 0);

    public static PublishedItem Delta(long head, int offset, string text, string part = "part_1") => new(default, Text(offset, text, part), head);

    public static PartText Text(int offset, string text, string part = "part_1") => new(Run, new PartId(part), PartKind.Text, offset, text);

    private IReadOnlyList<StoredEvent> Read(long after, int most)
    {
        Reads.Add(after);
        return Log(after, most);
    }

    private ValueTask<bool> WaitForRoomAsync(int bytes, CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        Waits.Add(bytes);
        return RoomComes is { } comes ? new ValueTask<bool>(comes.Task.WaitAsync(stopping)) : ValueTask.FromResult(Room());
    }

    private bool Deliver(ConnectionId connection, OutboundFrame frame)
    {
        frame.Thread.Should().Be(Thread);
        var shown = $"{connection} {Shown(Encoding.UTF8.GetString(frame.Encoded().Span))}";
        Delivering(shown);
        Delivered.Add(shown);
        return true;
    }

    private static string Shown(string frame) => !frame.StartsWith('{') ? frame : WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(frame)) switch
    {
        AgentDelta delta => $"{delta.PartId} {delta.Offset} {delta.Text}",
        CaughtUp caughtUp => $"caught up {caughtUp.Seq} {caughtUp.LogId}",
        ThreadDeleted => "deleted",
        Error error => $"{error.Code} {error.ThreadId} {error.Message}",
        var other => other.GetType().Name,
    };
}
