using System.Globalization;

namespace ChatBackend.Agents.Demo;

/// <param name="Time">Local date and time of day, <c>yyyy-MM-dd HH:mm:ss</c>.</param>
internal sealed record PlaceTime(string Place, string Zone, string Time, string UtcOffset);

/// <summary>Tells the time anywhere, from the machine's time zone database.</summary>
internal sealed class WorldClock(TimeProvider clock)
{
    /// <summary>Well-known places: those that no zone is named after, and those asked for so often that the database need not be searched.</summary>
    private static readonly Dictionary<string, string> Places = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UTC"] = "Etc/UTC",
        ["GMT"] = "Etc/UTC",
        ["Tokyo"] = "Asia/Tokyo",
        ["London"] = "Europe/London",
        ["Paris"] = "Europe/Paris",
        ["Berlin"] = "Europe/Berlin",
        ["New York"] = "America/New_York",
        ["Los Angeles"] = "America/Los_Angeles",
        ["Sydney"] = "Australia/Sydney",
        ["Beijing"] = "Asia/Shanghai",
        ["Delhi"] = "Asia/Kolkata",
        ["New Delhi"] = "Asia/Kolkata",
        ["Mumbai"] = "Asia/Kolkata",
        ["Bangalore"] = "Asia/Kolkata",
        ["Kyoto"] = "Asia/Tokyo",
        ["Osaka"] = "Asia/Tokyo",
        ["Munich"] = "Europe/Berlin",
        ["Hamburg"] = "Europe/Berlin",
        ["Frankfurt"] = "Europe/Berlin",
        ["Cologne"] = "Europe/Berlin",
        ["Barcelona"] = "Europe/Madrid",
        ["Milan"] = "Europe/Rome",
        ["Geneva"] = "Europe/Zurich",
        ["Edinburgh"] = "Europe/London",
        ["Washington"] = "America/New_York",
        ["Boston"] = "America/New_York",
        ["Miami"] = "America/New_York",
        ["San Francisco"] = "America/Los_Angeles",
        ["Seattle"] = "America/Los_Angeles",
        ["Rio de Janeiro"] = "America/Sao_Paulo",
        ["Cape Town"] = "Africa/Johannesburg",
        ["Canberra"] = "Australia/Sydney",
    };

    /// <exception cref="ToolException">No such place, or no time zone database.</exception>
    public PlaceTime In(string place)
    {
        var zone = ZoneOf(place.Trim());
        var time = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone);
        var offset = time.Offset;
        return new PlaceTime(
            place.Trim(),
            zone.Id,
            time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            $"{(offset < TimeSpan.Zero ? '-' : '+')}{offset:hh\\:mm}");
    }

    private static TimeZoneInfo ZoneOf(string place)
    {
        var id = Places.GetValueOrDefault(place, place);
        if (TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone is not null)
        {
            return zone;
        }

        var zones = TimeZoneInfo.GetSystemTimeZones();
        if (zones.Count <= 1)
        {
            throw new ToolException("This machine has no time zone database; only UTC is known here. Installing tzdata brings it.");
        }

        var city = id.Replace(' ', '_');
        return zones.FirstOrDefault(known => known.Id.Contains('/') && known.Id[(known.Id.LastIndexOf('/') + 1)..].Equals(city, StringComparison.OrdinalIgnoreCase))
            ?? throw new ToolException($"No time zone is known for {place}. A zone name such as Europe/Berlin works.");
    }
}
