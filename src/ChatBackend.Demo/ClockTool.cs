using System.ComponentModel;
using System.Globalization;
using ChatBackend.Agents;

namespace ChatBackend.Demo;

/// <summary>Tells the time in a place of the world.</summary>
internal static class ClockTool
{
    public const string Name = "clock";

    private const int MaxPlaceLength = 100;

    public static Reading Read(
        TimeProvider clock, Places places,
        [Description("A city, such as Tokyo, or an IANA time zone, such as Europe/Berlin. UTC when left out.")] string? place = null)
    {
        if (place is not { Length: > 0 })
        {
            place = "UTC";
        }

        if (place.Length > MaxPlaceLength)
        {
            throw new ChatToolException($"A place has at most {MaxPlaceLength} characters.");
        }

        if (places.Find(place) is not { } zone)
        {
            throw new ChatToolException(places.HasZones
                ? $"I know no city or time zone called {place}. Try a large city or an IANA time zone such as Europe/Berlin."
                : "This machine has no time zone database (tzdata), so that I know the time in UTC only.");
        }

        var now = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone);
        return new Reading(place, zone.Id, now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture), now.DayOfWeek.ToString());
    }

    /// <param name="Time">RFC 3339, with the place's offset from UTC.</param>
    internal sealed record Reading(string Place, string Zone, string Time, string Day);
}
