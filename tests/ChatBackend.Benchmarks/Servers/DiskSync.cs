using System.Diagnostics;
using ChatBackend.Benchmarks.Report;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>What the disk takes to make a written page durable.</summary>
internal static class DiskSync
{
    private const int Rounds = 200;

    public static double MedianMs()
    {
        var path = Path.Combine(Path.GetTempPath(), $"chat-benchmark-{Guid.NewGuid():n}");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        var page = new byte[4096];
        var times = new List<double>();
        for (var i = 0; i < Rounds; i++)
        {
            file.Write(page);
            var began = Stopwatch.GetTimestamp();
            file.Flush(flushToDisk: true);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return Statistics.Median(times);
    }
}
