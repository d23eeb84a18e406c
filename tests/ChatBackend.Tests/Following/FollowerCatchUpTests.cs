using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Following;

/// <summary>A follower whose next page cannot be read yet: the log is asked again after a pause, not in a loop.</summary>
public sealed class FollowerCatchUpTests
{
    private const int Misses = 20;

    private static readonly ThreadId Thread = new("thr_1");

    private readonly HeldTime _clock = new();
    private readonly List<string> _delivered = [];
    private readonly List<int> _pausesBeforeRead = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Between_two_reads_of_what_is_not_there_is_a_pause(bool isAway)
    {
        var outboxes = new TestOutboxes(Deliver);
        var fanout = new ThreadFanout(Thread, new LogPages(Log(isAway)), outboxes, _clock, NullLogger.Instance);
        fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 1, [], null)).Should().BeTrue();
        var follower = fanout.Join(new Follower(outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: false));

        for (var pause = 0; pause < Misses; pause++)
        {
            await _clock.EndNextAsync();
        }

        await follower.CatchUp.Soon();
        _pausesBeforeRead.Should().Equal(Enumerable.Range(0, Misses + 1));
        _delivered.Should().Equal("event 1");
    }

    [Theory]
    [Trait("failure", "Q7")]
    [InlineData(4, 0)]
    [InlineData(5, 2)]
    public async Task Faults_and_pauses_are_counted_from_the_last_frame_that_was_sent(int faults, int notices)
    {
        var clock = new InstantTime();
        var reads = new Queue<StoredEvent?>();
        for (var seq = 1; seq <= 2; seq++)
        {
            Enumerable.Repeat<StoredEvent?>(null, faults).ToList().ForEach(reads.Enqueue);
            reads.Enqueue(new StoredEvent(seq, Encoding.UTF8.GetBytes($"event {seq}")));
        }

        var log = ServiceDecoration.Of<IEventLog>(null!, (_, method, _) => method != nameof(IEventLog.ReadAsync) ? "log_1"
            : reads.Dequeue() is { } stored ? Task.FromResult<IReadOnlyList<StoredEvent>>([stored]) : throw new InvalidOperationException("The log could not be read."));
        var outboxes = new TestOutboxes(Deliver);
        var fanout = new ThreadFanout(Thread, new LogPages(log), outboxes, clock, NullLogger.Instance);
        fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 2, [], null)).Should().BeTrue();

        await fanout.Join(new Follower(outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: false)).CatchUp.Soon();

        _delivered.Where(frame => frame.StartsWith("event", StringComparison.Ordinal)).Should().Equal("event 1", "event 2");
        _delivered.Should().HaveCount(2 + notices, "each time it gets stuck it is told once");
        clock.Waits.Skip(faults).Should().Equal(clock.Waits.Take(faults));
    }

    private bool Deliver(ConnectionId connection, OutboundFrame frame)
    {
        _delivered.Add(Encoding.UTF8.GetString(frame.Encoded().Span));
        return true;
    }

    /// <summary>A log of one event, which the first reads do not find.</summary>
    private IEventLog Log(bool isAway) => ServiceDecoration.Of<IEventLog>(null!, (_, method, _) =>
    {
        if (method != nameof(IEventLog.ReadAsync))
        {
            return "log_1"; // what it is called
        }

        _pausesBeforeRead.Add(_clock.Ended);
        if (_pausesBeforeRead.Count > Misses)
        {
            return Task.FromResult<IReadOnlyList<StoredEvent>>([new StoredEvent(1, "event 1"u8.ToArray())]);
        }

        return isAway
            ? Task.FromException<IReadOnlyList<StoredEvent>>(new LogUnavailableException("The log is away."))
            : Task.FromResult<IReadOnlyList<StoredEvent>>([]);
    });
}
