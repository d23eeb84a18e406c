using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using ChatBackend.Benchmarks.Report;
using Perfolizer.Horology;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>The steps of a turn, each by itself in this process: nanoseconds and bytes, where the other scenarios count turns.</summary>
internal static class MicroBenchmarks
{
    private const int Many = 10_000;
    private const int Few = 10;

    public static async Task RunAsync(Results results)
    {
        var table = new Table(
            "Micro-benchmarks", "Steps of a turn by BenchmarkDotNet, in one process on one half of the processors; a send to a socket is over at once. A value an iteration.");
        var directory = Directory.CreateTempSubdirectory("chat-benchmark-");
        try
        {
            foreach (var steps in new[] { typeof(ParseBenchmarks), typeof(EncodeBenchmarks), typeof(RouteBenchmarks), typeof(PublishBenchmarks), typeof(AppendBenchmarks) })
            {
                Add(table, BenchmarkRunner.Run(steps, Config(directory.FullName)));
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        results.Add(table);
        var routed = await RouteRatio.MeasureAsync(Many, Few, connections => connections.Route());
        var handled = await RouteRatio.MeasureAsync(Many, Few, connections => connections.Handle());
        results.Add(new Figure(FormattableString.Invariant($"router lookup and dispatch at {Many:N0} connections over {Few}"), routed, "×", 1.1, 1.0));
        results.Add(new Figure("the same, handlers called without a router", handled, "×", null, null));
    }

    /// <summary>In this process, since a project that is generated elsewhere does not build by our rules; without loggers, since the table says it all.</summary>
    private static ManualConfig Config(string directory) => ManualConfig.CreateEmpty()
        .AddJob(Job.Default
            .WithToolchain(InProcessNoEmitToolchain.DontLogOutput)
            .WithWarmupCount(3)
            .WithIterationCount(9)
            .WithIterationTime(TimeInterval.FromMilliseconds(150)))
        .AddLogger(NullLogger.Instance)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .WithArtifactsPath(directory)
        .WithOptions(ConfigOptions.DisableLogFile);

    private static void Add(Table table, Summary summary)
    {
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success))
        {
            throw new InvalidOperationException($"{summary.Title} did not run: {string.Join(' ', summary.ValidationErrors.Select(error => error.Message))}");
        }

        foreach (var report in summary.Reports)
        {
            var name = Name(report.BenchmarkCase);
            foreach (var iteration in report.GetResultRuns())
            {
                table.Add(name, "ns", iteration.GetAverageTime().Nanoseconds);
            }

            table.Add(name, "allocated B", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? double.NaN);
        }
    }

    private static string Name(BenchmarkCase benchmark) => string.Join(
        ", ",
        benchmark.Parameters.Items.Select(parameter => FormattableString.Invariant($"{parameter.Name.ToLowerInvariant()}: {parameter.Value:N0}"))
            .Prepend(benchmark.Descriptor.WorkloadMethodDisplayInfo.Trim('\'')));
}
