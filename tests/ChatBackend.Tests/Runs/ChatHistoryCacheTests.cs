using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>What is kept for the next run is bounded, one run's at a time, and gone when its thread is.</summary>
public sealed class ChatHistoryCacheTests : IDisposable
{
    private const int MiB = 1024 * 1024;
    private const int Overhead = 300; // of a message

    private readonly FakeTimeProvider _clock = new();
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();

    [Fact]
    public void What_a_run_kept_the_next_one_finds_and_has_alone()
    {
        var historyCache = Of(64);
        var (thread, history) = (ThreadId.New(), ChatHistory(1000));
        Keep(historyCache, thread, history);

        historyCache.Take(thread, out var found);
        historyCache.Take(thread, out var meanwhile);

        found.Should().BeSameAs(history);
        meanwhile.Should().BeNull();
    }

    [Fact]
    public void A_run_keeps_nothing_of_a_thread_that_was_forgotten_or_has_a_later_run()
    {
        var historyCache = Of(64);
        var (forgotten, overtaken) = (ThreadId.New(), ThreadId.New());
        var place = historyCache.Take(forgotten, out _);
        historyCache.Forget(forgotten);
        historyCache.Keep(place, ChatHistory(1000));
        place = historyCache.Take(overtaken, out _);
        Keep(historyCache, overtaken, ChatHistory(1000));
        historyCache.Keep(place, ChatHistory(2000));

        Has(historyCache, forgotten).Should().BeFalse();
        historyCache.Bytes.Should().BeLessThan(3000);
        historyCache.Take(overtaken, out var kept);
        kept!.Bytes.Should().BeLessThan(3000, "the earlier run came too late");
        historyCache.Bytes.Should().Be(0);
    }

    [Fact]
    public void What_was_unused_longest_goes_first_and_nothing_large_is_kept_at_all()
    {
        var historyCache = Of(1);
        var threads = Enumerable.Range(0, 40).Select(_ => ThreadId.New()).ToList();
        threads.ForEach(thread => Keep(historyCache, thread, ChatHistory(MiB / 40)));
        var large = ThreadId.New();
        Keep(historyCache, large, ChatHistory(MiB / 10));

        Has(historyCache, large).Should().BeFalse();
        var kept = threads.Select(thread => Has(historyCache, thread)).ToList();
        kept.Should().BeInAscendingOrder("the first are gone and the last are there");
        kept.Count(isKept => isKept).Should().BeInRange(30, 39);
    }

    [Fact]
    public void A_thread_that_has_had_no_run_for_a_while_is_forgotten_by_the_next_clean_up()
    {
        var historyCache = Of(64);
        var (idle, busy) = (ThreadId.New(), ThreadId.New());
        Keep(historyCache, idle, ChatHistory(1000));
        _clock.Advance(TimeSpan.FromSeconds(40));
        Keep(historyCache, busy, ChatHistory(1000));
        _clock.Advance(TimeSpan.FromSeconds(40));

        historyCache.ForgetIdle();

        Has(historyCache, idle).Should().BeFalse();
        Has(historyCache, busy).Should().BeTrue();
    }

    [Theory]
    [InlineData(MiB / 16, true)]
    [InlineData((MiB / 16) + 2, false)]
    public void A_thread_may_have_a_sixteenth_of_the_whole_and_no_more(int bytes, bool isKept)
    {
        var historyCache = Of(1);
        var thread = ThreadId.New();

        Keep(historyCache, thread, ChatHistory(bytes - Overhead));

        historyCache.Bytes.Should().Be(isKept ? bytes : 0);
        Has(historyCache, thread).Should().Be(isKept);
    }

    [Fact]
    public void All_of_it_may_be_used_and_then_the_thread_goes_that_was_unused_longest()
    {
        var historyCache = Of(1);
        var threads = Enumerable.Range(0, 17).Select(_ => ThreadId.New()).ToList();
        threads[..16].ForEach(thread => Keep(historyCache, thread, ChatHistory((MiB / 16) - Overhead)));
        historyCache.Bytes.Should().Be(MiB);
        Keep(historyCache, threads[0], ChatHistory((MiB / 16) - Overhead)); // used again

        Keep(historyCache, threads[16], ChatHistory((MiB / 16) - Overhead));

        threads.Select(thread => Has(historyCache, thread)).Should().Equal(Enumerable.Range(0, 17).Select(place => place != 1));
    }

    [Fact]
    public void With_no_memory_nothing_is_kept()
    {
        var historyCache = Of(0);
        var thread = ThreadId.New();

        Keep(historyCache, thread, ChatHistory(10));

        (historyCache.Bytes, Has(historyCache, thread)).Should().Be((0, false));
    }

    [Fact]
    public void A_thread_is_idle_after_more_than_a_minute_also_one_whose_run_is_not_over()
    {
        var historyCache = Of(64);
        var (kept, taken) = (ThreadId.New(), ThreadId.New());
        Keep(historyCache, kept, ChatHistory(1000));
        var place = historyCache.Take(taken, out _);
        _clock.Advance(TimeSpan.FromMinutes(1));
        historyCache.ForgetIdle();
        historyCache.Bytes.Should().BePositive("a minute is not too long");

        _clock.Advance(TimeSpan.FromTicks(1));
        historyCache.ForgetIdle();

        historyCache.Bytes.Should().Be(0);
        historyCache.Keep(place, ChatHistory(1000));
        historyCache.Bytes.Should().Be(0, "it was forgotten, too");
        historyCache.ForgetIdle();
    }

    public void Dispose() => _metrics.Dispose();

    private ChatHistoryCache Of(int mib) => new(Options.Create(new RunOptions { HistoryMiB = mib }), _metrics.GetRequiredService<ChatMetrics>(), _clock);

    private static void Keep(ChatHistoryCache historyCache, ThreadId thread, ChatHistory history) => historyCache.Keep(historyCache.Take(thread, out _), history);

    private static bool Has(ChatHistoryCache historyCache, ThreadId thread)
    {
        historyCache.Take(thread, out var kept);
        return kept is not null;
    }

    /// <summary>Of about so many bytes.</summary>
    private static ChatHistory ChatHistory(int bytes)
    {
        var history = new ChatHistory();
        history.Add(new UserMessage { MessageId = new MessageId("m"), Content = new string('x', bytes / sizeof(char)), ClientId = new ClientFrameId("c"), Seq = 1 });
        return history;
    }
}
