using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>Where an activity stands in lists: by its time, where no other stands there or after it.</summary>
public sealed class ActivityClockTests
{
    [Theory]
    [InlineData(10_500, 10_500)]
    [InlineData(10_001, 10_001)]
    [InlineData(10_000, 10_001)]
    [InlineData(9_999, 10_001)]
    [InlineData(0, 10_001)]
    public void An_activity_stands_after_the_newest_whatever_the_clock_says(long at, long place) =>
        new ActivityClock(newest: 10_000).Next(at).Should().Be(place);

    [Fact]
    [Trait("failure", "L2")]
    public void Each_place_counts_for_the_next_and_no_two_are_the_same()
    {
        var clock = new ActivityClock(newest: 10_000);

        new[] { 20_000L, 20_000L, 5L, 6L, 20_002L, 30_000L }.Select(clock.Next).Should().Equal(20_000, 20_001, 20_002, 20_003, 20_004, 30_000);
    }
}
