using System.Globalization;

namespace ChatBackend.Connections;

/// <summary>Files and sockets that this process has open, and how many the system allows it. Known on Linux only.</summary>
internal static class FileDescriptors
{
    private const string Limits = "/proc/self/limits";
    private const string Opened = "/proc/self/fd";
    private const string LimitName = "Max open files";

    /// <summary>The limit in force; null where it is not known. The runtime has raised it to the hard limit before any code of ours ran.</summary>
    public static int? ReadLimit()
    {
        if (!File.Exists(Limits))
        {
            return null;
        }

        var line = File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(LimitName, StringComparison.Ordinal));
        var soft = line?[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? (int)Math.Min(limit, int.MaxValue) : null;
    }

    /// <summary>How many are open; null where it is not known.</summary>
    public static int? CountOpen() => Directory.Exists(Opened) ? Directory.EnumerateFileSystemEntries(Opened).Count() : null;
}
