using System.Globalization;
using System.Text.Json;

namespace ChatBackend.Protocol;

/// <summary>Times as they are on the wire: to the millisecond, so two that are written alike are the same time there.</summary>
public static class WireTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static bool AreEqual(DateTimeOffset one, DateTimeOffset other) => Milliseconds(one) == Milliseconds(other);

    internal static void Write(Utf8JsonWriter writer, DateTimeOffset time)
    {
        Span<char> text = stackalloc char[24];
        time.UtcDateTime.TryFormat(text, out _, Format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text);
    }

    private static long Milliseconds(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerMillisecond;
}
