using System.Globalization;

namespace ChatBackend.Following;

/// <summary>How much of its user's list a client knows: the last change, and the log that numbered it. To clients a word without meaning.</summary>
internal static class ListCursor
{
    private const char Separator = '.';

    public static string Of(string logId, long number) => string.Create(CultureInfo.InvariantCulture, $"{logId}{Separator}{number}");

    /// <returns>The number of the change; null when the cursor is not of this log, or none at all.</returns>
    public static long? NumberIn(string cursor, string logId) =>
        cursor.Length > logId.Length && cursor[logId.Length] == Separator && cursor.StartsWith(logId, StringComparison.Ordinal)
            && long.TryParse(cursor.AsSpan(logId.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
}
