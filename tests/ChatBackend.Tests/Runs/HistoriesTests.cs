using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>What is kept for the next run is bounded, one run's at a time, and gone when its thread is.</summary>
public sealed class HistoriesTests : IDisposable
{
    private const int MiB = 1024 * 1024;
    private const int Overhead = 300; // of a message

    private readonly FakeTimeProvider _clock = new();
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();

    [Fact]
    public void What_a_run_kept_the_next_one_finds_and_has_alone()
    {
        var histories = Of(64);
        var (thread, exchanges) = (ThreadId.New(), Exchanges(1000));
        Keep(histories, thread, exchanges);

        histories.Take(thread, out var found);
        histories.Take(thread, out var meanwhile);

        found.Should().BeSameAs(exchanges);
        meanwhile.Should().BeNull();
    }

    [Fact]
    public void A_run_keeps_nothing_of_a_thread_that_was_forgotten_or_has_a_later_run()
    {
        var histories = Of(64);
        var (forgotten, overtaken) = (ThreadId.New(), ThreadId.New());
        var place = histories.Take(forgotten, out _);
        histories.Forget(forgotten);
        histories.Keep(place, Exchanges(1000));
        place = histories.Take(overtaken, out _);
        Keep(histories, overtaken, Exchanges(1000));
        histories.Keep(place, Exchanges(2000));

        Has(histories, forgotten).Should().BeFalse();
        histories.Bytes.Should().BeLessThan(3000);
        histories.Take(overtaken, out var kept);
        kept!.Bytes.Should().BeLessThan(3000, "the earlier run came too late");
        histories.Bytes.Should().Be(0);
    }

    [Fact]
    public void What_was_unused_longest_goes_first_and_nothing_large_is_kept_at_all()
    {
        var histories = Of(1);
        var threads = Enumerable.Range(0, 40).Select(_ => ThreadId.New()).ToList();
        threads.ForEach(thread => Keep(histories, thread, Exchanges(MiB / 40)));
        var large = ThreadId.New();
        Keep(histories, large, Exchanges(MiB / 10));

        Has(histories, large).Should().BeFalse();
        var kept = threads.Select(thread => Has(histories, thread)).ToList();
        kept.Should().BeInAscendingOrder("the first are gone and the last are there");
        kept.Count(isKept => isKept).Should().BeInRange(30, 39);
    }

    [Fact]
    public void A_thread_that_has_had_no_run_for_a_while_is_forgotten_when_somebody_looks()
    {
        var histories = Of(64);
        var (idle, busy) = (ThreadId.New(), ThreadId.New());
        Keep(histories, idle, Exchanges(1000));
        _clock.Advance(TimeSpan.FromSeconds(40));
        Keep(histories, busy, Exchanges(1000));
        _clock.Advance(TimeSpan.FromSeconds(40));

        histories.ForgetIdle();

        Has(histories, idle).Should().BeFalse();
        Has(histories, busy).Should().BeTrue();
    }

    [Theory]
    [InlineData(MiB / 16, true)]
    [InlineData((MiB / 16) + 2, false)]
    public void A_thread_may_have_a_sixteenth_of_the_whole_and_no_more(int bytes, bool isKept)
    {
        var histories = Of(1);
        var thread = ThreadId.New();

        Keep(histories, thread, Exchanges(bytes - Overhead));

        histories.Bytes.Should().Be(isKept ? bytes : 0);
        Has(histories, thread).Should().Be(isKept);
    }

    [Fact]
    public void All_of_it_may_be_used_and_then_the_thread_goes_that_was_unused_longest()
    {
        var histories = Of(1);
        var threads = Enumerable.Range(0, 17).Select(_ => ThreadId.New()).ToList();
        threads[..16].ForEach(thread => Keep(histories, thread, Exchanges((MiB / 16) - Overhead)));
        histories.Bytes.Should().Be(MiB);
        Keep(histories, threads[0], Exchanges((MiB / 16) - Overhead)); // used again

        Keep(histories, threads[16], Exchanges((MiB / 16) - Overhead));

        threads.Select(thread => Has(histories, thread)).Should().Equal(Enumerable.Range(0, 17).Select(place => place != 1));
    }

    [Fact]
    public void With_no_memory_nothing_is_kept()
    {
        var histories = Of(0);
        var thread = ThreadId.New();

        Keep(histories, thread, Exchanges(10));

        (histories.Bytes, Has(histories, thread)).Should().Be((0, false));
    }

    [Fact]
    public void A_thread_is_idle_after_more_than_a_minute_also_one_whose_run_is_not_over()
    {
        var histories = Of(64);
        var (kept, taken) = (ThreadId.New(), ThreadId.New());
        Keep(histories, kept, Exchanges(1000));
        var place = histories.Take(taken, out _);
        _clock.Advance(TimeSpan.FromMinutes(1));
        histories.ForgetIdle();
        histories.Bytes.Should().BePositive("a minute is not too long");

        _clock.Advance(TimeSpan.FromTicks(1));
        histories.ForgetIdle();

        histories.Bytes.Should().Be(0);
        histories.Keep(place, Exchanges(1000));
        histories.Bytes.Should().Be(0, "it was forgotten, too");
        histories.ForgetIdle();
    }

    public void Dispose() => _metrics.Dispose();

    private Histories Of(int mib) => new(Options.Create(new RunOptions { HistoryMiB = mib }), _metrics.GetRequiredService<ChatMetrics>(), _clock);

    private static void Keep(Histories histories, ThreadId thread, Exchanges exchanges) => histories.Keep(histories.Take(thread, out _), exchanges);

    private static bool Has(Histories histories, ThreadId thread)
    {
        histories.Take(thread, out var kept);
        return kept is not null;
    }

    /// <summary>Of about so many bytes.</summary>
    private static Exchanges Exchanges(int bytes)
    {
        var exchanges = new Exchanges();
        exchanges.Add(new UserMessage { MessageId = new MessageId("m"), Content = new string('x', bytes / sizeof(char)), ClientId = new ClientFrameId("c"), Seq = 1 });
        return exchanges;
    }
}
