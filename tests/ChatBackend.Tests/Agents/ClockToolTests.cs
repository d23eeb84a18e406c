using ChatBackend.Agents;
using ChatBackend.Demo;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Agents;

public sealed class ClockToolTests
{
    // Zones of our own: a machine need not have a time zone database.
    private static readonly Places World = new(() =>
    [
        Zone("Asia/Tokyo", 9), Zone("America/Los_Angeles", -8), Zone("America/Argentina/Buenos_Aires", -3),
        Zone("America/Sao_Paulo", -3), Zone("Asia/Kolkata", 5.5), Zone("Europe/Berlin", 1), TimeZoneInfo.Utc,
    ]);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 20, 30, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("Tokyo", "Asia/Tokyo", "2026-03-02T05:30:00+09:00", "Monday")]
    [InlineData("tokyo", "Asia/Tokyo", "2026-03-02T05:30:00+09:00", "Monday")]
    [InlineData("Asia/Tokyo", "Asia/Tokyo", "2026-03-02T05:30:00+09:00", "Monday")]
    [InlineData("Tokyo, Japan", "Asia/Tokyo", "2026-03-02T05:30:00+09:00", "Monday")]
    [InlineData("San Francisco", "America/Los_Angeles", "2026-03-01T12:30:00-08:00", "Sunday")]
    [InlineData("los angeles", "America/Los_Angeles", "2026-03-01T12:30:00-08:00", "Sunday")]
    [InlineData("Buenos Aires", "America/Argentina/Buenos_Aires", "2026-03-01T17:30:00-03:00", "Sunday")]
    [InlineData("São Paulo", "America/Sao_Paulo", "2026-03-01T17:30:00-03:00", "Sunday")]
    [InlineData("Mumbai", "Asia/Kolkata", "2026-03-02T02:00:00+05:30", "Monday")]
    [InlineData("Munich", "Europe/Berlin", "2026-03-01T21:30:00+01:00", "Sunday")]
    [InlineData("München", "Europe/Berlin", "2026-03-01T21:30:00+01:00", "Sunday")]
    [InlineData("utc", "UTC", "2026-03-01T20:30:00+00:00", "Sunday")]
    public void The_clock_knows_cities_and_zones(string place, string zone, string time, string day) =>
        ClockTool.Read(_clock, World, place).Should().Be(new ClockTool.Reading(place, zone, time, day));

    [Theory]
    [InlineData("Atlantis")]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/localtime")]
    [InlineData("Beijing")] // its zone is not among this machine's
    public void An_unknown_place_is_an_error_and_never_another_time(string place) =>
        FluentActions.Invoking(() => ClockTool.Read(_clock, World, place)).Should().Throw<ChatToolException>().WithMessage("*no city or time zone*");

    [Fact]
    public void Without_a_time_zone_database_only_UTC_is_known_and_the_clock_says_so()
    {
        var bare = new Places(() => [TimeZoneInfo.Utc]);

        FluentActions.Invoking(() => ClockTool.Read(_clock, bare, "Tokyo")).Should().Throw<ChatToolException>().WithMessage("*no time zone database*");
        ClockTool.Read(_clock, bare, "UTC").Time.Should().Be("2026-03-01T20:30:00+00:00");
    }

    [Fact]
    public void Without_a_place_it_is_UTC() => ClockTool.Read(_clock, World).Zone.Should().Be("UTC");

    private static TimeZoneInfo Zone(string id, double hours) => TimeZoneInfo.CreateCustomTimeZone(id, TimeSpan.FromHours(hours), id, id);
}
