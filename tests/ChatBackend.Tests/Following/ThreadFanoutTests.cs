using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Following;

/// <summary>The live end of a followed thread, fed by hand: what comes twice, late, early or not at all.</summary>
public sealed class ThreadFanoutTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly RunId Run = new("run_1");
    private static readonly PartId Part = new("part_1");

    private readonly List<string> _delivered = [];
    private readonly List<long> _log = [];
    private readonly TestOutboxes _outboxes;
    private readonly ThreadFanout _fanout;

    public ThreadFanoutTests()
    {
        _outboxes = new TestOutboxes(
            (_, frame) =>
            {
                _delivered.Add(Encoding.UTF8.GetString(frame.Encoded().Span));
                return true;
            });
        _fanout = new ThreadFanout(Thread, new LogPages(new Log(_log)), _outboxes, TimeProvider.System, NullLogger.Instance);
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D16")]
    public void What_is_published_twice_is_delivered_once()
    {
        Live(head: 1);

        _fanout.Take([Event(1), Event(2), Event(2), Event(3)]).Should().BeTrue();

        _delivered.Should().Equal("event 2", "event 3");
    }

    [Fact]
    [Trait("failure", "D17")]
    public void A_gap_suspends_the_feed_and_nothing_after_it_is_delivered_before_it_is_healed()
    {
        Live(head: 1);

        _fanout.Take([Event(2), Event(4)]).Should().BeFalse();
        _fanout.Take([Event(5)]).Should().BeTrue("it is kept for later");
        _delivered.Should().Equal("event 2");
        _fanout.Resume(Snapshot(4, [Event(2).Event, Event(3).Event, Event(4).Event]));

        _delivered.Should().Equal("event 2", "event 3", "event 4", "event 5");
    }

    [Fact]
    [Trait("failure", "P3")]
    public void Text_that_overlaps_is_trimmed_and_text_that_is_ahead_is_a_gap()
    {
        Live(head: 1);

        _fanout.Take([Delta(1, 0, "abc"), Delta(1, 0, "ab"), Delta(1, 2, "cde")]).Should().BeTrue();
        _fanout.Take([Delta(1, 9, "x")]).Should().BeFalse();

        Texts().Should().Equal((0, "abc"), (3, "de"));
    }

    [Fact]
    [Trait("failure", "D21")]
    public void Text_of_a_part_that_is_over_is_not_taken_for_a_new_part()
    {
        Live(head: 1);

        _fanout.Take([Delta(1, 0, "abc"), Event(2, endsPart: true), Delta(1, 3, "late")]).Should().BeTrue();

        Texts().Should().Equal((0, "abc"));
    }

    [Fact]
    [Trait("failure", "P12")]
    public void After_a_new_snapshot_the_part_goes_on_where_the_follower_is()
    {
        Live(head: 1);
        _fanout.Take([Delta(1, 0, "abc")]);

        _fanout.Suspend();
        _fanout.Take([Delta(1, 6, "ghi")]);
        _fanout.Resume(Snapshot(1, [], new PartText(Run, Part, PartKind.Text, 0, "abcdef")));

        Texts().Should().Equal((0, "abc"), (3, "def"), (6, "ghi"));
    }

    [Fact]
    [Trait("failure", "D45")]
    public void What_is_held_is_delivered_in_full_and_in_order_on_release()
    {
        var follower = Live(head: 1);
        _fanout.Hold(follower);

        _fanout.Take([Delta(1, 0, "abc"), Event(2, endsPart: true)]);
        _delivered.Should().BeEmpty();
        _fanout.Release(follower);
        _fanout.Take([Event(3)]);

        Texts().Should().Equal((0, "abc"));
        _delivered.Skip(1).Should().Equal("event 2", "event 3");
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D16")]
    public async Task What_the_log_has_before_it_is_published_is_delivered_once_and_caught_up_says_how_far_that_is()
    {
        _log.AddRange([1, 2, 3, 4, 5]);
        var follower = _fanout.Join(new Follower(_outboxes, new ConnectionId("con_1"), 0, [], announcesCaughtUp: true));

        _fanout.Resume(Snapshot(3, [])); // 4 and 5 are committed, and on their way here
        await follower.CatchUp.Soon();
        _delivered.Take(3).Should().Equal("event 1", "event 2", "event 3");
        _delivered.Should().HaveCount(4).And.Subject.Last().Should().Contain("caught_up").And.Contain("3");
        _fanout.Take([Event(4), Event(5)]).Should().BeTrue();

        _delivered.Skip(4).Should().Equal("event 4", "event 5");

        _fanout.Suspend();
        _fanout.Resume(Snapshot(6, [Event(5).Event, Event(6).Event]));
        _delivered.Skip(6).Should().Equal("event 6"); // one that has caught up once is caught up with again
    }

    [Fact]
    [Trait("failure", "D35")]
    public void What_is_too_much_to_be_held_is_caught_up_with_on_release()
    {
        var follower = Live(head: 1);
        _fanout.Take([Delta(1, 0, "abc")]);
        _fanout.Hold(follower);

        var text = new string('x', 4000);
        for (var i = 0; i < 200; i++)
        {
            _fanout.Take([Delta(1, 3 + (i * text.Length), text)]);
        }

        _fanout.Take([Event(2, endsPart: true), Event(3)]);
        _delivered.Should().HaveCount(1);
        _fanout.Release(follower);
        _fanout.Take([Event(4)]);

        _delivered.Skip(1).Should().Equal("event 2", "event 3", "event 4");
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "P12")]
    public async Task A_long_text_in_flight_comes_in_pieces_and_what_is_said_meanwhile_after_them()
    {
        var text = string.Concat(Enumerable.Repeat("🌊x", 10_000));
        _fanout.Resume(Snapshot(1, [], new PartText(Run, Part, PartKind.Text, 0, text))).Should().BeTrue();

        var follower = _fanout.Join(new Follower(_outboxes, new ConnectionId("con_1"), 1, [], announcesCaughtUp: true));
        await follower.CatchUp.Soon();
        _fanout.Take([Delta(1, text.Length, "end")]).Should().BeTrue();

        var pieces = Texts();
        pieces.Should().HaveCountGreaterThan(3).And.OnlyContain(piece => piece.Text.Length <= OutboundFrame.MaxText);
        string.Concat(pieces.Select(piece => piece.Text)).Should().Be(text + "end");
        _delivered[^2].Should().Contain("caught_up");
    }

    [Fact]
    [Trait("failure", "D44")]
    public void More_than_is_kept_while_the_thread_cannot_be_reached_is_taken_from_the_snapshot_after_it()
    {
        Live(head: 1);
        _fanout.Suspend();
        var text = new string('x', 10_000);
        for (var i = 0; i < 100; i++)
        {
            _fanout.Take([Delta(1, i * text.Length, text)]).Should().BeTrue();
        }

        _fanout.Resume(Snapshot(1, [])).Should().BeFalse("what came after it was too much to keep");
        _fanout.Take([Event(3)]).Should().BeTrue();
        _delivered.Should().BeEmpty();
        _fanout.Resume(Snapshot(2, [Event(2).Event])).Should().BeTrue();

        _delivered.Should().Equal("event 2", "event 3");
    }

    [Fact]
    [Trait("failure", "P6")]
    public void A_thread_that_was_deleted_tells_each_follower_once_and_nothing_after_it()
    {
        var follower = Live(head: 1);
        var held = _fanout.Join(new Follower(_outboxes, new ConnectionId("con_2"), 1, [], announcesCaughtUp: false));
        _fanout.Hold(held);

        _fanout.Delete();
        _fanout.Delete();
        _fanout.Take([Event(2)]);
        _delivered.Should().ContainSingle();
        _fanout.Release(held);

        _delivered.Should().HaveCount(2).And.OnlyContain(frame => frame.Contains("thread_deleted", StringComparison.Ordinal));
        follower.State.Should().Be(FollowerState.Left);
    }

    private Follower Live(long head)
    {
        var follower = _fanout.Join(new Follower(_outboxes, new ConnectionId("con_1"), head, [], announcesCaughtUp: false));
        _fanout.Resume(Snapshot(head, []));
        _delivered.Should().BeEmpty();
        return follower;
    }

    private List<(int Offset, string Text)> Texts() => _delivered
        .Where(frame => frame.StartsWith('{'))
        .Select(frame => WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(frame)))
        .OfType<AgentDelta>()
        .Select(delta => (delta.Offset, delta.Text))
        .ToList();

    private static ThreadSnapshot Snapshot(long head, EncodedEvent[] recent, PartText? part = null) => new(new UserId("usr_1"), head, recent, part);

    private static PublishedItem Event(long seq, bool endsPart = false) =>
        new(new EncodedEvent(seq, Encoding.UTF8.GetBytes($"event {seq}"), endsPart), null, 0);

    private static PublishedItem Delta(long head, int offset, string text) =>
        new(default, new PartText(Run, Part, PartKind.Text, offset, text), head);

    /// <summary>The log as far as a follower may ask for it: pages of what a test has put there.</summary>
    private sealed class Log(List<long> events) : IEventLog
    {
        public string LogId => "log";

        public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
            events.Count == 0
                ? throw new InvalidOperationException("Everything this test needs is in memory.")
                : Task.FromResult<IReadOnlyList<StoredEvent>>(
                    [.. events.Where(seq => seq > afterSeq).Select(seq => new StoredEvent(seq, Encoding.UTF8.GetBytes($"event {seq}")))]);

        public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public Task<IReadOnlyList<StoredRecord>> ReadRecordsAsync(ThreadId thread, long fromSeq, long toSeq, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => throw new InvalidOperationException();
    }
}
