using System.Diagnostics;
using ChatBackend.Benchmarks.Report;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>
/// What an operation costs at many connections over what it costs at few. Both take turns of milliseconds, so that both see the same moments
/// of a busy machine, which two benchmarks one after the other do not.
/// </summary>
internal static class RouteRatio
{
    private const int WarmUps = 3;
    private const int Rounds = 11;
    private const int Turns = 20;
    private const int Operations = 20_000;

    /// <returns>One a round: the median turn of the one over that of the other.</returns>
    public static async Task<double[]> MeasureAsync(int many, int few, Action<RouteBenchmarks> operation)
    {
        var (crowded, quiet) = (new RouteBenchmarks { Connections = many }, new RouteBenchmarks { Connections = few });
        crowded.Open();
        quiet.Open();
        double[] ratios = [.. Enumerable.Range(0, WarmUps + Rounds).Select(_ => Round(crowded, quiet, operation)).Skip(WarmUps)];
        await crowded.CloseAsync();
        await quiet.CloseAsync();
        return ratios;
    }

    private static double Round(RouteBenchmarks crowded, RouteBenchmarks quiet, Action<RouteBenchmarks> operation)
    {
        var (crowdedTook, quietTook) = (new double[Turns], new double[Turns]);
        for (var turn = 0; turn < Turns; turn++)
        {
            crowdedTook[turn] = Time(crowded, operation);
            quietTook[turn] = Time(quiet, operation);
        }

        return Statistics.Median(crowdedTook) / Statistics.Median(quietTook);
    }

    private static double Time(RouteBenchmarks connections, Action<RouteBenchmarks> operation)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < Operations; i++)
        {
            operation(connections);
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
