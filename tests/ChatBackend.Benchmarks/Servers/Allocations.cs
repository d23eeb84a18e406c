using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>What a .NET process allocates, second by second, by its own runtime counters, read from outside.</summary>
internal sealed class Allocations : IAsyncDisposable
{
    private const string Provider = "System.Runtime";
    private const string Counter = "alloc-rate";

    private readonly EventPipeSession _session;
    private readonly Task _reading;
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;

    private Allocations(int pid)
    {
        _session = new DiagnosticsClient(pid).StartEventPipeSession(
            [new EventPipeProvider(Provider, EventLevel.Informational, arguments: new Dictionary<string, string> { ["EventCounterIntervalSec"] = "1" })], requestRundown: false);
        _reading = Task.Run(Read);
    }

    /// <summary>Bytes counted so far; grows once a second.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Begins to count; returns with the first second's.</summary>
    public static async Task<Allocations> OfAsync(int pid)
    {
        var allocations = new Allocations(pid);
        await allocations._began.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return allocations;
    }

    public async ValueTask DisposeAsync()
    {
        await _session.StopAsync(CancellationToken.None);
        await _reading;
        _session.Dispose();
    }

    private void Read()
    {
        using var source = new EventPipeEventSource(_session.EventStream);
        source.Dynamic.All += threadEvent =>
        {
            if (threadEvent is { ProviderName: Provider, EventName: "EventCounters" } && Values(threadEvent) is { } counter && (string)counter["Name"] == Counter)
            {
                Interlocked.Add(ref _bytes, Convert.ToInt64(counter["Increment"], System.Globalization.CultureInfo.InvariantCulture));
                _began.TrySetResult();
            }
        };
        source.Process();
    }

    private static IDictionary<string, object>? Values(TraceEvent threadEvent) =>
        ((IDictionary<string, object>)threadEvent.PayloadValue(0))["Payload"] as IDictionary<string, object>;
}
