using System.Collections.Concurrent;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Runs;

/// <summary>Starts runs on this node and owns them until they are over.</summary>
internal sealed partial class ActiveRuns(
    IServiceScopeFactory scopes, AgentCatalog agents, IOptions<RunOptions> options, ChatMetrics metrics, TimeProvider clock, ILogger<AgentRun> logger)
{
    private readonly ConcurrentDictionary<AgentRun, RunId> _open = new();
    private volatile bool _draining;

    /// <summary>No run starts any more; messages wait in their threads for the next process.</summary>
    public bool IsDraining => _draining;

    public AgentRun Start(RunRequest start, IRunSink sink)
    {
        var run = new AgentRun(start, sink, scopes, agents, options.Value, metrics, clock, logger);
        _open[run] = start.Run;
        run.Begin(over => _open.TryRemove(over, out _));
        return run;
    }

    /// <summary>Lets open runs end by themselves for the drain bound, then ends them as interrupted.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        foreach (var run in _open.Keys.Where(run => run.IsWaiting))
        {
            run.End(RunOutcome.Failed.Interrupted); // it goes on in the next process, and has nothing to do until then
        }

        if (await EndedWithinAsync(options.Value.DrainBound, cancellationToken))
        {
            return;
        }

        foreach (var run in _open.Keys)
        {
            run.End(RunOutcome.Failed.Interrupted);
        }

        if (!await EndedWithinAsync(options.Value.StopBound * 1.5, cancellationToken))
        {
            LeftOpen(_open.Keys.Count(run => !run.Ended.IsCompleted));
        }
    }

    private async Task<bool> EndedWithinAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_open.Keys.Select(run => run.Ended)).WaitAsync(bound, clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} runs did not end in time; the next start recovers them")]
    private partial void LeftOpen(int count);
}
