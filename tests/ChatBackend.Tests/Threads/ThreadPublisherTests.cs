using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What of a thread is live: what a node that comes is shown, and what it is told from then on.</summary>
public sealed class ThreadPublisherTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly UserId Owner = new("usr_1");
    private static readonly RunId Run = new("run_1");

    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingNode _node = new();
    private readonly ThreadPublisher _live;

    public ThreadPublisherTests() => _live = new ThreadPublisher(Thread, _clock, NullLogger.Instance);

    [Fact]
    public void A_snapshot_has_the_events_after_a_cursor_and_the_whole_part()
    {
        _live.Reset(5);
        _live.Publish([Event(6), Event(7)]);
        _live.AcceptOutputFrom(Run);
        _live.PublishText(Run, PartKind.Thinking, "abc").Should().BeTrue();
        _live.PublishText(Run, PartKind.Thinking, "def").Should().BeTrue();

        var snapshot = _live.Subscribe(Owner, 6, _node);

        (snapshot.Owner, snapshot.Head, snapshot.Recent.Single().Seq).Should().Be((Owner, 7, 7));
        (snapshot.Part!.Run, snapshot.Part.Kind, snapshot.Part.Offset, snapshot.Part.Text).Should().Be((Run, PartKind.Thinking, 0, "abcdef"));
        _live.Recent(5).Select(recent => recent.Seq).Should().Equal(6, 7);
        _live.Recent(6).Select(recent => recent.Seq).Should().Equal(7);
        _live.PartFrom(4)!.Text.Should().Be("ef");
        _node.Batches.Should().BeEmpty("what is in the snapshot is not published");
    }

    [Fact]
    public void What_comes_after_the_snapshot_is_published_in_order_with_the_place_of_each_text()
    {
        _live.Reset(1);
        _live.Subscribe(Owner, 1, _node);
        _live.AcceptOutputFrom(Run);

        _live.PublishText(Run, PartKind.Text, "abc");
        _live.PublishText(Run, PartKind.Text, "de");
        _live.Publish([Event(2, endsPart: true), Event(3)]);
        _live.PublishText(Run, PartKind.Text, "f");

        _node.Batches.Should().HaveCount(4).And.OnlyContain(batch => batch.Thread == Thread && !batch.Moved && !batch.Deleted);
        _node.Items.Select(item => item.Delta is { } delta ? $"{delta.Offset} {delta.Text} after {item.Head}" : Encoding.UTF8.GetString(item.Event.Json))
            .Should().Equal("0 abc after 1", "3 de after 1", "event 2", "event 3", "0 f after 3");
        var parts = _node.Items.Select(item => item.Delta?.Part).OfType<PartId>().ToList();
        parts[1].Should().Be(parts[0]);
        parts[2].Should().NotBe(parts[0], "another part has begun");
        _node.Items.Where(item => item.Delta is null).Should().OnlyContain(item => item.Head == 0);
    }

    [Fact]
    public void Only_the_run_that_is_listened_to_is_heard()
    {
        _live.Subscribe(Owner, 0, _node);
        _live.PublishText(Run, PartKind.Text, "early").Should().BeFalse();
        _live.AcceptOutputFrom(Run);
        _live.PublishText(new RunId("run_0"), PartKind.Text, "another").Should().BeFalse();
        _live.PublishText(Run, PartKind.Text, "heard").Should().BeTrue();
        _live.RejectOutput();
        _live.PublishText(Run, PartKind.Text, "late").Should().BeFalse();

        _node.Items.Select(item => item.Delta!.Text).Should().Equal("heard");
        _live.PartFrom(0)!.Text.Should().Be("heard");
    }

    [Fact]
    public void What_was_live_is_forgotten_when_another_writer_may_have_gone_on()
    {
        _live.Publish([Event(1), Event(2)]);
        _live.AcceptOutputFrom(Run);
        _live.PublishText(Run, PartKind.Text, "abc");

        _live.Reset(9);

        _live.Recent(0).Should().BeEmpty();
        _live.PartFrom(0).Should().BeNull();
        _live.Subscribe(Owner, 0, _node).Head.Should().Be(9);
    }

    [Fact]
    public void A_node_that_has_not_renewed_for_a_lease_is_gone_once_another_comes()
    {
        var other = new RecordingNode();
        _live.Subscribe(Owner, 0, _node);
        _clock.Advance(ThreadPublisher.Lease);
        _live.Subscribe(Owner, 0, other);
        _live.Publish([Event(1)]);
        (_node.Batches.Count, other.Batches.Count).Should().Be((1, 1), "its lease is just not over");
        _live.Subscribe(Owner, 0, _node); // and it renews
        _clock.Advance(ThreadPublisher.Lease);
        _live.Subscribe(Owner, 0, other);
        _live.Publish([Event(2)]);
        (_node.Batches.Count, other.Batches.Count).Should().Be((2, 2));
        _clock.Advance(TimeSpan.FromTicks(1));

        _live.Subscribe(Owner, 0, other);
        _live.Publish([Event(3)]);

        (_node.Batches.Count, other.Batches.Count).Should().Be((2, 3));
        ThreadPublisher.Lease.Should().Be(TimeSpan.FromSeconds(90));
    }

    [Fact]
    public void A_node_that_was_lost_is_taken_in_again_when_it_comes_again()
    {
        var answers = new Queue<Task>([Task.FromException(new TimeoutException()), Task.CompletedTask]);
        var node = new AnsweringNode(answers);
        _live.Subscribe(Owner, 0, node);
        _live.Publish([Event(1)]);
        _live.Publish([Event(2)]); // nobody is called
        answers.Should().ContainSingle();

        _live.Subscribe(Owner, 1, node).Recent.Select(recent => recent.Seq).Should().Equal(2);
        _live.Publish([Event(3)]);

        answers.Should().BeEmpty();
    }

    [Fact]
    public void It_is_followed_for_as_long_as_a_node_follows()
    {
        _live.IsFollowed.Should().BeFalse();
        _live.Subscribe(Owner, 0, _node);
        _live.Subscribe(Owner, 0, _node);
        _live.Publish([Event(1)]);
        _node.Batches.Should().ContainSingle("a node that renews is told once");
        _live.Unsubscribe(new RecordingNode());
        _live.IsFollowed.Should().BeTrue();

        _live.Unsubscribe(_node);
        _live.Publish([Event(2)]);

        _live.IsFollowed.Should().BeFalse();
        _node.Batches.Should().ContainSingle();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_word_goes_to_every_node_and_nothing_after_it(bool isDeleted)
    {
        var other = new RecordingNode();
        _live.Subscribe(Owner, 0, _node);
        _live.Subscribe(Owner, 0, other);
        _live.Publish([Event(1)]);

        await (isDeleted ? _live.DeletedAsync() : _live.MoveAsync()).Soon();
        _live.Publish([Event(2)]);
        await _live.MoveAsync().Soon();

        foreach (var node in new[] { _node, other })
        {
            node.Batches.Select(batch => (batch.Thread, batch.Items.Length, batch.Moved, batch.Deleted)).Should().Equal((Thread, 1, false, false), (Thread, 0, !isDeleted, isDeleted));
        }

        _live.IsFollowed.Should().BeFalse();
    }

    private static EncodedEvent Event(long seq, bool endsPart = false) => new(seq, Encoding.UTF8.GetBytes($"event {seq}"), endsPart);

    private sealed class AnsweringNode(Queue<Task> answers) : INodeObserver
    {
        public Task Publish(ThreadBatch batch) => answers.Dequeue();
    }
}
