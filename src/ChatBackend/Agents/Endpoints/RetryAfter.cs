using System.Globalization;
using System.Net.Http.Headers;

namespace ChatBackend.Agents.Endpoints;

/// <summary>When an endpoint wants to be asked again, in the forms that endpoints say it.</summary>
internal static class RetryAfter
{
    public static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Number(headers, "retry-after-ms") is { } milliseconds)
        {
            return Time(milliseconds / 1000);
        }

        if (Number(headers, "Retry-After") is { } seconds)
        {
            return Time(seconds);
        }

        return First(headers, "Retry-After") is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? Time((at - now).TotalSeconds)
            : null;
    }

    private static double? Number(HttpResponseHeaders headers, string name) =>
        double.TryParse(First(headers, name)?.TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? First(HttpResponseHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.First() : null;

    private static TimeSpan? Time(double seconds) => double.IsFinite(seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.FromDays(1).TotalSeconds)) : null;
}
