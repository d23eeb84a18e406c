using System.Globalization;
using System.Text.Json;

namespace ChatBackend.Protocol;

/// <summary>Times as they are on the wire: to the millisecond, so two that are written alike are the same time there.</summary>
public static class WireTime
{
    private const string RoundTrip = "O"; // yyyy-MM-ddTHH:mm:ss.fffffffZ, many times as fast as the same in a format of one's own
    private const int ToTheMillisecond = 23;

    public static bool AreEqual(DateTimeOffset one, DateTimeOffset other) => Milliseconds(one) == Milliseconds(other);

    internal static void Write(Utf8JsonWriter writer, DateTimeOffset time)
    {
        Span<char> text = stackalloc char[28];
        time.UtcDateTime.TryFormat(text, out _, RoundTrip, CultureInfo.InvariantCulture);
        text[ToTheMillisecond] = 'Z';
        writer.WriteStringValue(text[..(ToTheMillisecond + 1)]);
    }

    private static long Milliseconds(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerMillisecond;
}
