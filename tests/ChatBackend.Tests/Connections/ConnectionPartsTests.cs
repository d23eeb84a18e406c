using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Hosting;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Connections;

/// <summary>The small parts of connections: what the log says of one, what waits at a stop, what all outboxes hold.</summary>
public sealed class ConnectionPartsTests : IDisposable
{
    private const int Max = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(7);

    private readonly ConnectionFixture _fixture = new(new ConnectionOptions { MaxTotalOutboxBytes = Max, MaxLeftCommandBytes = 2 * 256 });

    private OutboxMemory Memory => _fixture.Memory;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Each_line_about_a_connection_has_its_id_and_its_user()
    {
        var context = _fixture.Open().Context;
        var scope = new ConnectionLogScope(context);

        scope.Select(entry => (entry.Key, entry.Value)).Should().Equal(("Connection", (object)context.Id.Value), ("User", "usr_ada"));
        scope.Count.Should().Be(2);
        (scope[0].Key, scope[1].Key).Should().Be(("Connection", "User"));
        FluentActions.Invoking(() => scope[2]).Should().Throw<ArgumentOutOfRangeException>();
        ((System.Collections.IEnumerable)scope).GetEnumerator().MoveNext().Should().BeTrue();
        scope.ToString().Should().Be($"Connection:{context.Id} User:usr_ada");
    }

    [Fact]
    public async Task A_wait_goes_on_until_the_task_has_ended_well_or_not_however_long_that_takes()
    {
        var (well, broken) = (new TaskCompletionSource(), new TaskCompletionSource());
        var waits = new[] { EndsAsync(well.Task), EndsAsync(broken.Task) };
        _fixture.Clock.Advance(TimeSpan.FromDays(1));
        await ConnectionFixture.SettleAsync();
        waits.Should().OnlyContain(wait => !wait.IsCompleted);

        well.SetResult();
        broken.SetException(new ArithmeticException());

        (await Task.WhenAll(waits).Soon()).Should().Equal(true, true);
        _fixture.Clock.Waits.Should().BeEmpty("no stop was near");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_leaves_a_wait_so_much_patience_and_no_more(bool endsInTime)
    {
        var task = new TaskCompletionSource();
        using var stopping = new CancellationTokenSource();
        var waiting = EndsAsync(task.Task, stopping.Token);

        await stopping.CancelAsync();
        await _fixture.Clock.WaitsAsync(Patience);
        _fixture.Clock.Advance(Patience - TimeSpan.FromTicks(1));
        await ConnectionFixture.SettleAsync();
        waiting.IsCompleted.Should().BeFalse();
        if (endsInTime)
        {
            task.SetResult();
        }

        _fixture.Clock.Advance(TimeSpan.FromTicks(1));
        (await waiting.Soon()).Should().Be(endsInTime);
    }

    [Fact]
    public async Task As_much_may_be_left_as_the_limit_says_and_what_was_carried_out_takes_no_room()
    {
        for (var round = 0; round < 3; round++)
        {
            var (queue, gate, carriedOut) = await QueueAsync(waiting: 2);
            var finishing = _fixture.Left.FinishAsync(queue, Patience, _fixture.Clock, CancellationToken.None);
            _fixture.Gauge("chat.left_commands.usage").Should().Be(2 * 256);

            gate.SetResult();

            (await finishing.Soon()).Should().BeTrue();
            carriedOut.Should().HaveCount(3);
            _fixture.Gauge("chat.left_commands.usage").Should().Be(0);
        }

        var (tooMany, last, few) = await QueueAsync(waiting: 3);
        var dropping = _fixture.Left.FinishAsync(tooMany, Patience, _fixture.Clock, CancellationToken.None);
        last.SetResult();
        (await dropping.Soon()).Should().BeTrue();
        few.Should().ContainSingle("what waited was too much together");
    }

    [Fact]
    public void All_outboxes_are_full_with_one_byte_more_than_they_may_hold()
    {
        var (first, second) = (0, 0);
        Memory.Change(ref first, Max);
        (Memory.IsFull, Memory.Excess, Memory.IsOverItsShare(first)).Should().Be((false, 0, false));

        Memory.Change(ref second, 1);

        (Memory.IsFull, Memory.Excess, _fixture.Gauge("chat.outbox.usage"), _fixture.Gauge("chat.outbox.limit")).Should().Be((true, 1, Max + 1, Max));
    }

    [Fact]
    public void A_share_is_what_may_be_held_by_those_that_hold_something()
    {
        var (first, second, none) = (0, 0, 0);
        Memory.Change(ref none, 0);
        Memory.Change(ref first, 100);
        Memory.Change(ref first, 3 * Max);
        Share().Should().Be(Max, "one holds it all");

        Memory.Change(ref second, 10);
        Share().Should().Be(Max / 2);
        Memory.Change(ref second, 10);
        Memory.Change(ref second, 20);
        Share().Should().Be(Max / 2);

        Memory.Change(ref second, 0);
        Share().Should().Be(Max);
        Memory.Excess.Should().Be(2 * Max);
        (first, second).Should().Be((3 * Max, 0));

        int Share() => Enumerable.Range(0, (2 * Max) + 1).First(held => Memory.IsOverItsShare(held)) - 1;
    }

    [Fact]
    public void Without_a_setting_all_outboxes_may_hold_an_eighth_of_the_memory_and_64_MiB_at_least()
    {
        var memory = new OutboxMemory(Options.Create(new ConnectionOptions()), _fixture.Metrics);

        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        memory.Max.Should().BeGreaterThanOrEqualTo(64 * 1024 * 1024);
        Math.Abs((8 * memory.Max) - Math.Max(available, 512L * 1024 * 1024)).Should().BeLessThan(available / 10, "what is available may change");
    }

    [Fact]
    public async Task The_router_reaches_an_open_connection_and_nobody_when_it_is_gone()
    {
        var opened = _fixture.Open();
        var (id, frame) = (opened.Context.Id, new OutboundFrame(null, WireJson.Encode(new Pong { ServerTime = default })));
        _fixture.Gauge("chat.connection.handlers").Should().Be(1);

        _fixture.Router.Route(id, new PingFrame(), bytes: 2).Should().BeTrue();
        var outbox = _fixture.Router.Find(id)!;
        outbox.Add(frame).Should().BeTrue();
        outbox.Flush();
        outbox.HasRoom(1).Should().BeTrue();
        (await outbox.WaitForRoomAsync(1, CancellationToken.None)).Should().BeTrue();
        _fixture.Router.TakesHistory.Should().BeTrue();
        opened.Socket.Sent.Should().HaveCount(2);
        var register = () => _fixture.Router.Register(opened.Connection);
        register.Should().Throw<InvalidOperationException>().WithMessage($"{id} has a handler already.");

        _fixture.Router.Remove(opened.Connection).Should().BeTrue();

        _fixture.Router.Route(id, new PingFrame(), bytes: 2).Should().BeFalse();
        _fixture.Router.Find(id).Should().BeNull();
        _fixture.Gauge("chat.connection.handlers").Should().Be(0);
    }

    [Fact]
    public void A_connections_scope_is_counted_as_long_as_it_lives()
    {
        var context = _fixture.Open().Context;
        _fixture.Gauge("chat.connection.scopes").Should().Be(1);

        context.Dispose();

        _fixture.Gauge("chat.connection.scopes").Should().Be(0);
    }

    private Task<bool> EndsAsync(Task task, CancellationToken stopping = default) => task.EndsAsync(Patience, _fixture.Clock, stopping);

    /// <summary>One command under way until the gate opens, and so many behind it.</summary>
    private async Task<(CommandQueue Queue, TaskCompletionSource Gate, List<string> CarriedOut)> QueueAsync(int waiting)
    {
        var (begun, gate, carriedOut) = (new TaskCompletionSource(), new TaskCompletionSource(), new List<string>());
        var queue = new CommandQueue(_fixture.Options.Value, _fixture.Clock, async (command, _) =>
        {
            begun.TrySetResult();
            await gate.Task;
            carriedOut.Add(command.Id.Value);
        });
        for (var number = 0; number <= waiting; number++)
        {
            queue.TryAdd(new UnfollowFrame { Id = new($"c{number}"), ThreadId = new("thr_1") }, bytes: 0).Should().BeTrue();
            await begun.Task.Soon();
        }

        return (queue, gate, carriedOut);
    }
}
