using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Threads;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>The live end of a followed thread, fed by hand: what comes twice, late, early or not at all.</summary>
public sealed class LiveFeedTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly RunId Run = new("run_1");
    private static readonly PartId Part = new("part_1");

    private readonly List<string> _delivered = [];
    private readonly List<long> _log = [];
    private readonly LiveFeed _feed;

    public LiveFeedTests()
    {
        var port = new FeedPort(
            (_, frame) =>
            {
                _delivered.Add(Encoding.UTF8.GetString(frame.Span));
                return true;
            },
            (_, _) => Task.FromResult(true));
        _feed = new LiveFeed(Thread, new Log(_log), port, TimeProvider.System, NullLogger.Instance);
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D16")]
    public void What_is_published_twice_is_delivered_once()
    {
        Live(head: 1);

        _feed.Take([Event(1), Event(2), Event(2), Event(3)]).Should().BeTrue();

        _delivered.Should().Equal("event 2", "event 3");
    }

    [Fact]
    [Trait("failure", "D17")]
    public void A_gap_suspends_the_feed_and_nothing_after_it_is_delivered_before_it_is_healed()
    {
        Live(head: 1);

        _feed.Take([Event(2), Event(4)]).Should().BeFalse();
        _feed.Take([Event(5)]).Should().BeTrue("it is kept for later");
        _delivered.Should().Equal("event 2");
        _feed.Resume(Snapshot(4, [Event(2).Event, Event(3).Event, Event(4).Event]));

        _delivered.Should().Equal("event 2", "event 3", "event 4", "event 5");
    }

    [Fact]
    [Trait("failure", "P3")]
    public void Text_that_overlaps_is_trimmed_and_text_that_is_ahead_is_a_gap()
    {
        Live(head: 1);

        _feed.Take([Delta(1, 0, "abc"), Delta(1, 0, "ab"), Delta(1, 2, "cde")]).Should().BeTrue();
        _feed.Take([Delta(1, 9, "x")]).Should().BeFalse();

        Texts().Should().Equal((0, "abc"), (3, "de"));
    }

    [Fact]
    [Trait("failure", "D21")]
    public void Text_of_a_part_that_is_over_is_not_taken_for_a_new_part()
    {
        Live(head: 1);

        _feed.Take([Delta(1, 0, "abc"), Event(2, endsPart: true), Delta(1, 3, "late")]).Should().BeTrue();

        Texts().Should().Equal((0, "abc"));
    }

    [Fact]
    [Trait("failure", "P12")]
    public void After_a_new_snapshot_the_part_goes_on_where_the_follower_is()
    {
        Live(head: 1);
        _feed.Take([Delta(1, 0, "abc")]);

        _feed.Suspend();
        _feed.Take([Delta(1, 6, "ghi")]);
        _feed.Resume(Snapshot(1, [], new PartText(Run, Part, PartKind.Text, 0, "abcdef")));

        Texts().Should().Equal((0, "abc"), (3, "def"), (6, "ghi"));
    }

    [Fact]
    [Trait("failure", "D45")]
    public void What_is_held_is_delivered_in_full_and_in_order_on_release()
    {
        var follower = Live(head: 1);
        _feed.Hold(follower);

        _feed.Take([Delta(1, 0, "abc"), Event(2, endsPart: true)]);
        _delivered.Should().BeEmpty();
        _feed.Release(follower);
        _feed.Take([Event(3)]);

        Texts().Should().Equal((0, "abc"));
        _delivered.Skip(1).Should().Equal("event 2", "event 3");
    }

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D16")]
    public async Task What_the_log_has_before_it_is_published_is_delivered_once_and_caught_up_says_how_far_that_is()
    {
        _log.AddRange([1, 2, 3, 4, 5]);
        var follower = _feed.Join(new Follower(new ConnectionId("con_1"), 0, [], announcesCaughtUp: true));

        _feed.Resume(Snapshot(3, [])); // 4 and 5 are committed, and on their way here
        await follower.CatchingUp.Soon();
        _delivered.Take(3).Should().Equal("event 1", "event 2", "event 3");
        _delivered.Should().HaveCount(4).And.Subject.Last().Should().Contain("caught_up").And.Contain("3");
        _feed.Take([Event(4), Event(5)]).Should().BeTrue();

        _delivered.Skip(4).Should().Equal("event 4", "event 5");
    }

    private Follower Live(long head)
    {
        var follower = _feed.Join(new Follower(new ConnectionId("con_1"), head, [], announcesCaughtUp: false));
        _feed.Resume(Snapshot(head, []));
        _delivered.Should().BeEmpty();
        return follower;
    }

    private List<(int Offset, string Text)> Texts() => _delivered
        .Where(frame => frame.StartsWith('{'))
        .Select(frame => (AgentDelta)WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(frame)))
        .Select(delta => (delta.Offset, delta.Text))
        .ToList();

    private static ThreadSnapshot Snapshot(long head, EncodedEvent[] recent, PartText? part = null) => new(new UserId("usr_1"), head, recent, part);

    private static PublishedItem Event(long seq, bool endsPart = false) =>
        new(new EncodedEvent(seq, Encoding.UTF8.GetBytes($"event {seq}"), endsPart), null, 0);

    private static PublishedItem Delta(long head, int offset, string text) =>
        new(default, new PartText(Run, Part, PartKind.Text, offset, text), head);

    /// <summary>The log as far as a feed may ask for it: pages of what a test has put there.</summary>
    private sealed class Log(List<long> events) : IEventLog
    {
        public Task<ThreadHeader?> OpenAsync(ThreadId thread, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<AppendResult> AppendAsync(LogAppend append, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<StoredEvent>> ReadAsync(ThreadId thread, long afterSeq, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
            events.Count == 0
                ? throw new InvalidOperationException("Everything this test needs is in memory.")
                : Task.FromResult<IReadOnlyList<StoredEvent>>(
                    [.. events.Where(seq => seq > afterSeq).Select(seq => new StoredEvent(seq, Encoding.UTF8.GetBytes($"event {seq}")))]);

        public Task<IReadOnlyList<StoredEvent>> ReadBackAsync(ThreadId thread, long beforeSeq, int maxEvents, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public Task<long?> FindEventAsync(ThreadId thread, string id, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<PartCheckpoint>> ReadCheckpointsAsync(ThreadId thread, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<CommandRecord?> FindCommandAsync(UserId user, ClientFrameId id, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<ThreadId>> ThreadsWithOpenWorkAsync(CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<IReadOnlyList<SearchHit>> SearchAsync(UserId user, string query, int maxHits, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();
    }
}
