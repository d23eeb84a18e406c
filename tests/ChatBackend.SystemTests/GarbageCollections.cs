using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;

namespace ChatBackend.SystemTests;

/// <summary>Has a server process collect its garbage.</summary>
internal static class GarbageCollections
{
    private const long GcHeapCollect = 0x800000;

    public static Task<double> CollectionsAsync(this ServerProcess server) => server.MetricAsync("dotnet_gc_collections_total");

    /// <summary>Returns when it has begun.</summary>
    public static async Task CollectAsync(this ServerProcess server)
    {
        var before = await server.CollectionsAsync();
        using var session = new DiagnosticsClient(server.Pid).StartEventPipeSession(
            [new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, GcHeapCollect)], requestRundown: false);
        var reading = session.EventStream.CopyToAsync(Stream.Null);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await server.CollectionsAsync() == before)
        {
            await timer.WaitForNextTickAsync();
        }

        session.Stop();
        await reading.Soon();
    }
}
