using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>What a node is called with while it is slow, and what not after it was lost.</summary>
public sealed class NodePublisherTests
{
    private static readonly ThreadId Thread = new("thr_1");

    private readonly Node _node = new();
    private readonly NodePublisher _publisher;

    public NodePublisherTests() => _publisher = new NodePublisher(Thread, _node, NullLogger.Instance);

    [Fact]
    public void Text_gathers_while_a_call_is_in_flight_and_moves_past_no_event()
    {
        Publish(Delta("part_1", 0, "a"));
        Publish(Delta("part_1", 1, "b"));
        Publish(Delta("part_1", 2, "c"), Delta("part_1", 3, "d"));
        Publish(Event(2), Delta("part_2", 0, "e"));
        Publish(Delta("part_3", 0, "f"), Delta("part_3", 1, "g"));
        _node.Calls.Should().ContainSingle();

        _node.Answer();

        _node.Calls.Should().HaveCount(2);
        _node.Calls[1].Items.Select(Shown).Should().Equal("part_1 1 bcd", "event 2", "part_2 0 e", "part_3 0 fg");
        Publish(Event(3));
        _node.Answer();
        _node.Answer();
        _node.Calls[2].Items.Select(Shown).Should().Equal("event 3");
        Publish(Event(4));
        _node.Calls.Should().HaveCount(4, "it is idle again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_word_on_a_thread_comes_after_all_that_was_published(bool isDeleted)
    {
        Publish(Event(1));
        Publish(Event(2));

        var last = _publisher.EndAsync(isDeleted);
        _node.Answer();
        _node.Answer();
        await _node.CalledAsync(3);
        _node.Answer();
        await last.Soon();

        _node.Calls.Select(call => (call.Items.Length, call.Moved, call.Deleted)).Should().Equal((1, false, false), (1, false, false), (0, !isDeleted, isDeleted));
    }

    [Fact]
    public void A_node_that_was_lost_is_called_no_more()
    {
        Publish(Event(1));
        Publish(Event(2));
        _publisher.IsDead.Should().BeFalse();

        _node.Fail();
        Publish(Event(3));

        _publisher.IsDead.Should().BeTrue();
        _node.Calls.Should().ContainSingle();
    }

    [Fact]
    public void What_waits_for_a_node_that_is_lost_goes_nowhere_and_one_that_refuses_a_call_is_lost()
    {
        _node.Refuses = true;

        Publish(Event(1));

        _publisher.IsDead.Should().BeTrue();
        _publisher.Node.Should().BeSameAs(_node);
        Publish(Event(2));
        _node.Calls.Should().ContainSingle();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_word_waits_for_the_call_in_flight_and_is_over_when_it_is_taken(bool isDeleted)
    {
        Publish(Event(1));

        var last = _publisher.EndAsync(isDeleted);
        (_node.Calls.Count, last.IsCompleted).Should().Be((1, false));
        _node.Answer();
        await _node.CalledAsync(2);
        (_node.Calls[1].Thread, _node.Calls[1].Moved, _node.Calls[1].Deleted, last.IsCompleted).Should().Be((Thread, !isDeleted, isDeleted, false));
        _node.Answer();

        await last.Soon();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_word_that_cannot_be_said_throws_nothing(bool isDeleted)
    {
        var last = _publisher.EndAsync(isDeleted);
        _node.Fail();

        await last.Soon();
        _publisher.IsDead.Should().BeTrue();
    }

    private void Publish(params PublishedItem[] items)
    {
        _publisher.Add(items);
        _publisher.Flush();
    }

    private static string Shown(PublishedItem item) =>
        item.Delta is { } delta ? $"{delta.Part} {delta.Offset} {delta.Text}" : Encoding.UTF8.GetString(item.Event.Json);

    private static PublishedItem Event(long seq) => new(new EncodedEvent(seq, Encoding.UTF8.GetBytes($"event {seq}"), false), null, 0);

    private static PublishedItem Delta(string part, int offset, string text) =>
        new(default, new PartText(new RunId("run_1"), new PartId(part), PartKind.Text, offset, text), 1);

    /// <summary>Answers each call when the test says so.</summary>
    private sealed class Node : INodeObserver
    {
        private readonly Queue<TaskCompletionSource> _open = new();
        private readonly SemaphoreSlim _called = new(0);

        public List<ThreadBatch> Calls { get; } = [];

        public bool Refuses { get; set; }

        public Task Publish(ThreadBatch batch)
        {
            var answer = new TaskCompletionSource();
            Calls.Add(batch);
            if (Refuses)
            {
                throw new InvalidOperationException("It takes nothing.");
            }

            _open.Enqueue(answer);
            _called.Release();
            return answer.Task;
        }

        public void Answer() => _open.Dequeue().SetResult();

        public void Fail() => _open.Dequeue().SetException(new TimeoutException());

        public async Task CalledAsync(int times)
        {
            for (var call = 0; call < times; call++)
            {
                await _called.WaitAsync(TestContext.Current.CancellationToken).Soon();
            }
        }
    }
}
