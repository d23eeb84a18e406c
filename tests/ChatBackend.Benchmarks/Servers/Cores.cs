using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>Which processors the servers have, and which the load runner: never the same ones where there is more than one.</summary>
internal static partial class Cores
{
    private static readonly int Count = Environment.ProcessorCount;

    public static bool AreSeparate => Count > 1;

    /// <summary>For <c>taskset</c>.</summary>
    public static string OfServers { get; } = Count > 1 ? $"0-{(Count / 2) - 1}" : "0";

    /// <summary>For <c>taskset</c>: a server on one of its processors.</summary>
    public const string First = "0";

    /// <summary>Every thread of this process; those that begin later inherit it.</summary>
    public static void PinThisProcess()
    {
        var upperHalf = ((1UL << Count) - 1) & ~((1UL << (Count / 2)) - 1);
        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)))
        {
            if (SetAffinity(thread, sizeof(ulong), in upperHalf) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }

    public static string Model()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return $"{Count} × {line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "unknown processor"}";
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint size, in ulong mask);
}
