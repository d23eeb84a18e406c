using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Tests.Following;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What holds where nothing is configured, and how a run's time passes.</summary>
public sealed class ThreadOptionsTests
{
    [Fact]
    public void What_holds_where_nothing_is_configured()
    {
        var options = new ThreadOptions();

        (options.MaxQueuedMessages, options.AutoTitle, options.RetainDays, options.CallTimeout).Should().Be((100, true, 0, TimeSpan.FromSeconds(10)));
        new TestOutboxes((_, _) => true, (_, _) => true, (_, _, _) => ValueTask.FromResult(true)).TakesHistory().Should().BeTrue();
    }

    [Fact]
    public void A_runs_time_is_its_beginning_and_what_has_passed()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));
        var time = new RunClock(clock);
        time.Now.Should().Be(clock.Start);

        clock.Advance(TimeSpan.FromSeconds(5));

        time.Now.Should().Be(clock.Start.AddSeconds(5));
    }

    [Fact]
    public void A_message_without_a_thread_makes_one()
    {
        var command = new ChatCommand(new UserId("usr_1"), new ClientFrameId("c"), "hello", null, WhenRunning.Queue, null, null, null);

        (command.Creates, (command with { Thread = new ThreadId("thr_1") }).Creates).Should().Be((true, false));
    }
}
