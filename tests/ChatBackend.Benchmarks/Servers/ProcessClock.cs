using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>A process as the kernel counts it, from outside: the processor time of all its threads, also those that have ended, and its memory.</summary>
internal static partial class ProcessClock
{
    private const int OfTheProcess = 2;

    public static TimeSpan Cpu(int pid)
    {
        // The kernel's name for another process's clock.
        var clock = (~pid << 3) | OfTheProcess;
        return GetTime(clock, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick)
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Resident bytes.</summary>
    public static long Rss(int pid) => 1024 * long.Parse(
        File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith("Rss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>Bytes that it made the kernel write to disks.</summary>
    public static long Written(int pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/io").First(line => line.StartsWith("write_bytes:", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, out Time time);
}
