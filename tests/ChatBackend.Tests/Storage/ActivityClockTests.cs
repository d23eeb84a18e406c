using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>Where an activity stands in lists: by its time, unless the clock was set back.</summary>
public sealed class ActivityClockTests
{
    [Theory]
    [InlineData(10_500, 10_500)]
    [InlineData(10_000, 10_000)]
    [InlineData(9_999, 10_000)]
    [InlineData(9_000, 10_000)]
    [InlineData(8_999, 10_001)]
    [InlineData(0, 10_001)]
    public void A_moment_earlier_is_the_order_of_commits_and_more_is_a_clock_that_was_set_back(long at, long place) =>
        new ActivityClock(newest: 10_000).Next(at).Should().Be(place);

    [Fact]
    public void Each_place_counts_for_the_next()
    {
        var clock = new ActivityClock(newest: 10_000);

        new[] { 20_000L, 19_500L, 5L, 6L, 20_002L, 30_000L }.Select(clock.Next).Should().Equal(20_000, 20_000, 20_001, 20_002, 20_002, 30_000);
    }
}
