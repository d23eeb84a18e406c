using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Connections;

/// <summary>Commands of one connection that wait: how many, and in which order.</summary>
[Trait("failure", "D35")]
public sealed class CommandQueueTests
{
    private readonly List<(string Id, long At)> _carriedOut = [];
    private readonly SemaphoreSlim _gate = new(0);
    private readonly SemaphoreSlim _begun = new(0);
    private readonly FakeTimeProvider _clock = new();
    private readonly CommandQueue _queue;

    public CommandQueueTests() => _queue = new CommandQueue(
        new ConnectionOptions { MaxPendingCommands = 3, MaxPendingBytes = 100 },
        _clock,
        async (command, at) =>
        {
            lock (_carriedOut)
            {
                _carriedOut.Add((command.Id.Value, at));
            }

            _begun.Release();
            await _gate.WaitAsync();
        });

    [Fact]
    public async Task They_are_carried_out_one_after_the_other_in_order_with_the_time_they_came()
    {
        await BeginAsync("c1");
        var (first, working) = (_clock.GetTimestamp(), _queue.Working);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Add("c2").Should().BeTrue();
        Add("c3").Should().BeTrue();
        await ConnectionFixture.SettleAsync();
        _carriedOut.Should().ContainSingle("the first is under way");
        (_queue.Working == working, working.IsCompleted).Should().Be((true, false));

        _gate.Release(3);
        await _queue.Working.Soon();

        _carriedOut.Should().Equal(("c1", first), ("c2", _clock.GetTimestamp()), ("c3", _clock.GetTimestamp()));
        await BeginAsync("c4");
        _gate.Release();
        await _queue.Working.Soon();
    }

    [Fact]
    public async Task As_many_wait_as_may_and_those_under_way_do_not_count()
    {
        await BeginAsync("c1");

        Add("c2").Should().BeTrue();
        Add("c3").Should().BeTrue();
        Add("c4").Should().BeTrue();
        Add("c5").Should().BeFalse();
        _gate.Release();
        await _begun.WaitAsync(TestContext.Current.CancellationToken).Soon();
        Add("c6").Should().BeTrue();

        _gate.Release(4);
        await _queue.Working.Soon();
        _carriedOut.Select(command => command.Id).Should().Equal("c1", "c2", "c3", "c4", "c6");
    }

    [Fact]
    public async Task Together_they_have_as_many_bytes_as_may_and_one_alone_may_have_more()
    {
        await BeginAsync("c1", bytes: 1000);

        Add("c2", bytes: 1000).Should().BeTrue("nothing else waits");
        Add("c3", bytes: 1).Should().BeFalse();
        _gate.Release();
        await _begun.WaitAsync(TestContext.Current.CancellationToken).Soon();
        Add("c4", bytes: 60).Should().BeTrue();
        Add("c5", bytes: 41).Should().BeFalse();
        Add("c6", bytes: 40).Should().BeTrue();
        _queue.WaitingBytes.Should().Be(60 + 40 + (2 * 256), "a command takes memory beside what it took on the wire");

        _gate.Release(10);
        await _queue.Working.Soon();
        _queue.WaitingBytes.Should().Be(0);
    }

    [Fact]
    public async Task What_is_dropped_is_not_carried_out_and_makes_room()
    {
        await BeginAsync("c1");
        Add("c2", bytes: 100).Should().BeTrue();

        _queue.Drop();

        _queue.WaitingBytes.Should().Be(0);
        Add("c3", bytes: 60).Should().BeTrue();
        Add("c4", bytes: 40).Should().BeTrue();
        _gate.Release(10);
        await _queue.Working.Soon();
        _carriedOut.Select(command => command.Id).Should().Equal("c1", "c3", "c4");
    }

    private async Task BeginAsync(string id, int bytes = 1)
    {
        Add(id, bytes).Should().BeTrue();
        await _begun.WaitAsync(TestContext.Current.CancellationToken).Soon();
    }

    private bool Add(string id, int bytes = 1) => _queue.TryAdd(new UnfollowFrame { Id = new(id), ThreadId = new("thr_1") }, bytes);
}
