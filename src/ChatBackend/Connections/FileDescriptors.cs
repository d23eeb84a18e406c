using System.Globalization;

namespace ChatBackend.Connections;

/// <summary>Files and sockets that this process has open, and how many the system allows it. Known on Linux only.</summary>
/// <param name="process">The folder in which the system shows the process.</param>
internal sealed class FileDescriptors(string process)
{
    public const string OfThisProcess = "/proc/self";

    private const string LimitName = "Max open files";

    private readonly string _limits = Path.Combine(process, "limits");
    private readonly string _opened = Path.Combine(process, "fd");

    /// <summary>The limit in force; null where it is not known. The runtime has raised it to the hard limit before any code of ours ran.</summary>
    public int? ReadLimit()
    {
        if (!File.Exists(_limits))
        {
            return null;
        }

        var line = File.ReadLines(_limits).FirstOrDefault(line => line.StartsWith(LimitName, StringComparison.Ordinal));
        var soft = line?[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? (int)Math.Min(limit, int.MaxValue) : null;
    }

    /// <summary>How many are open; null where it is not known.</summary>
    public int? CountOpen() => Directory.Exists(_opened) ? Directory.EnumerateFileSystemEntries(_opened).Count() : null;
}
