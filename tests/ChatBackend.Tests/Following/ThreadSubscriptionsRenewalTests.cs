using System.Threading.Channels;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Threads;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Following;

/// <summary>The subscriptions of a node are renewed in turns: not all of them at once, and each in time.</summary>
public sealed class ThreadSubscriptionsRenewalTests
{
    private static readonly UserId Owner = new("usr_1");
    private static readonly int Turns = (int)(ThreadPublisher.Lease / 3).TotalSeconds;

    private readonly TickingTime _clock = new();
    private readonly Channel<DateTimeOffset> _asked = Channel.CreateBounded<DateTimeOffset>(10_000);

    [Fact]
    public async Task Of_one_thread_for_each_turn_one_is_renewed_in_each_turn()
    {
        using var threads = Threads();
        for (var turn = 0; turn < Turns; turn++)
        {
            await threads.FollowAsync(Owner, new ConnectionId($"con_{turn}"), InTurn(turn), default, [], announcesCaughtUp: false);
            _asked.Reader.TryRead(out _).Should().BeTrue("who follows subscribes");
        }

        await threads.StartAsync(CancellationToken.None);
        await _clock.Ticks.Task.Soon();
        using var deadline = Deadline.Source();
        for (var turn = 0; turn < 2 * Turns; turn++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            (await _asked.Reader.ReadAsync(deadline.Token)).Should().Be(_clock.GetUtcNow());
        }

        await threads.StopAsync(CancellationToken.None);
        _asked.Reader.TryRead(out _).Should().BeFalse("each turn renews one");
    }

    private static ThreadId InTurn(int turn)
    {
        var thread = ThreadId.New();
        while ((uint)thread.GetHashCode() % Turns != turn)
        {
            thread = ThreadId.New();
        }

        return thread;
    }

    private ThreadSubscriptions Threads()
    {
        var grain = ServiceDecoration.Of<IThreadGrain>(null!, (_, called, _) =>
        {
            if (called != nameof(IThreadGrain.Subscribe))
            {
                throw new InvalidOperationException($"{called} is not asked for.");
            }

            _asked.Writer.TryWrite(_clock.GetUtcNow()).Should().BeTrue();
            return Task.FromResult(new ThreadSnapshot(Owner, 0, [], null));
        });
        var node = ServiceDecoration.Of<INodeObserver>(null!, (_, _, _) => Task.CompletedTask);
        var grains = ServiceDecoration.Of<IGrainFactory>(null!, (_, called, _) => called == nameof(IGrainFactory.GetGrain) ? grain : node);
        var outboxes = new TestOutboxes((_, _) => true);
        return new ThreadSubscriptions(new ThreadGrains(grains), new LocalNode(grains), null!, null!, null!, outboxes, _clock, NullLogger<ThreadSubscriptions>.Instance);
    }
}
