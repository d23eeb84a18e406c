using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Following;

/// <summary>One follower of two cannot be delivered to: the other notices nothing, and it goes on from what it was sent last.</summary>
public sealed class FaultyFollowerTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly RunId Run = new("run_1");
    private static readonly PartId Part = new("part_1");
    private static readonly ConnectionId First = new("con_1");
    private static readonly ConnectionId Second = new("con_2");

    private readonly List<string> _first = [];
    private readonly List<string> _second = [];
    private readonly List<string> _third = [];
    private readonly LogLines _lines = new("");
    private readonly TaskCompletionSource _noticed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TestOutboxes _outboxes;
    private readonly ThreadFanout _fanout;
    private readonly Follower _firstFollower;
    private readonly InstantTime _clock = new();
    private int _faults;
    private int _failingReads;

    public FaultyFollowerTests()
    {
        _outboxes = new TestOutboxes(Deliver);
        _fanout = new ThreadFanout(Thread, new LogPages(Log()), _outboxes, _clock, _lines);
        _firstFollower = Join(First);
        Join(Second);
        _fanout.Resume(new ThreadSnapshot(new UserId("usr_1"), 1, [], null)).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "Q8")]
    public async Task An_event_that_cannot_be_delivered_to_one_comes_to_both()
    {
        _fanout.Take([Event(2)]);
        _faults = 1;

        _fanout.Take([Event(3)]).Should().BeTrue();
        _fanout.Take([Event(4)]).Should().BeTrue();
        await _firstFollower.CatchUp.Soon();

        _second.Should().Equal("event 2", "event 3", "event 4");
        _first.Should().Equal("event 2", "event 3", "event 4");
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Error: con_1").And.Contain("thr_1");
    }

    [Fact]
    [Trait("failure", "Q8")]
    public async Task Text_that_cannot_be_delivered_to_one_comes_to_both()
    {
        _fanout.Take([Delta(0, "abc")]);
        _faults = 1;

        _fanout.Take([Delta(3, "def")]).Should().BeTrue();
        _fanout.Take([Delta(6, "ghi")]).Should().BeTrue();
        await _firstFollower.CatchUp.Soon();

        TextOf(_second).Should().Be("abcdefghi");
        TextOf(_first).Should().Be("abcdefghi");
    }

    [Fact]
    [Trait("failure", "Q8")]
    public async Task What_was_held_and_cannot_be_delivered_on_release_comes_all_the_same()
    {
        _fanout.Hold(_firstFollower);
        _fanout.Take([Event(2), Event(3)]);
        _faults = 1;

        _fanout.Release(_firstFollower);
        _fanout.Take([Event(4)]);
        await _firstFollower.CatchUp.Soon();

        _first.Should().Equal("event 2", "event 3", "event 4");
        _second.Should().Equal("event 2", "event 3", "event 4");
    }

    [Fact]
    [Trait("failure", "Q8")]
    public void One_that_cannot_be_told_of_the_deletion_keeps_it_from_nobody()
    {
        _faults = 1;

        _fanout.Delete();

        _second.Should().ContainSingle().Which.Should().Contain("thread_deleted");
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task A_follower_whose_catch_up_fails_again_and_again_hears_of_it_and_is_sent_everything_in_the_end()
    {
        var late = new Follower(_outboxes, new ConnectionId("con_3"), 0, [], announcesCaughtUp: true);
        _failingReads = 7;

        _fanout.Join(late);
        await _noticed.Task.Soon();
        await late.CatchUp.Soon();

        _third.Should().HaveCount(3);
        _third[0].Should().Contain("\"error\"").And.Contain("\"unavailable\"").And.Contain("thr_1").And.NotContain("\"id\"");
        _third[1].Should().Be("event 1");
        _third[2].Should().Contain("caught_up");
        _clock.Waits.Should().HaveCount(7).And.BeInAscendingOrder().And.EndWith(TimeSpan.FromSeconds(8));
        _clock.Waits[0].Should().BePositive();
        _lines.All.Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "Q7")]
    public async Task Leaving_never_throws_what_a_catch_up_threw()
    {
        var late = new Follower(_outboxes, new ConnectionId("con_3"), 0, [], announcesCaughtUp: true);
        _failingReads = int.MaxValue;
        _fanout.Join(late);
        await _noticed.Task.Soon();

        await _fanout.LeaveAsync(late).Soon();

        _fanout.Take([Event(2)]).Should().BeTrue();
        _first.Should().Equal("event 2");
    }

    private Follower Join(ConnectionId connection) => _fanout.Join(new Follower(_outboxes, connection, 1, [], announcesCaughtUp: false));

    private bool Deliver(ConnectionId connection, OutboundFrame frame)
    {
        if (connection == First && _faults > 0)
        {
            _faults--;
            throw new InvalidOperationException("The frame could not be delivered.");
        }

        var text = Encoding.UTF8.GetString(frame.Encoded().Span);
        (connection == First ? _first : connection == Second ? _second : _third).Add(text);
        if (text.Contains("\"error\"", StringComparison.Ordinal))
        {
            _noticed.TrySetResult();
        }

        return true;
    }

    private static string TextOf(List<string> frames) => frames
        .Select(frame => (AgentDelta)WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(frame)))
        .Aggregate("", (text, delta) => text[..delta.Offset] + delta.Text);

    private static PublishedItem Event(long seq) => new(new EncodedEvent(seq, Encoding.UTF8.GetBytes($"event {seq}"), false), null, 0);

    private static PublishedItem Delta(int offset, string text) => new(default, new PartText(Run, Part, PartKind.Text, offset, text), 1);

    /// <summary>A log of one event, of which only pages are asked for.</summary>
    private IEventLog Log() => ServiceDecoration.Of<IEventLog>(null!, (_, method, _) =>
    {
        if (method != nameof(IEventLog.ReadAsync))
        {
            return "log_1"; // what it is called
        }

        if (_failingReads > 0)
        {
            _failingReads--;
            throw new InvalidOperationException("The log could not be read.");
        }

        return Task.FromResult<IReadOnlyList<StoredEvent>>([new StoredEvent(1, "event 1"u8.ToArray())]);
    });
}
