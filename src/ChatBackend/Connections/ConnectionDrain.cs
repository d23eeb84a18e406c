using ChatBackend.Hosting;
using ChatBackend.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// Opens the door when everything has started and closes it before anything stops: no new upgrade, <c>server_draining</c>
/// to every client, 1001, while open runs get a moment to end.
/// </summary>
internal sealed partial class ConnectionDrain(
    Readiness readiness, MessageRouter router, ActiveRuns runs, IOptions<ConnectionOptions> options, TimeProvider clock, ILogger<ConnectionDrain> logger)
    : IHostedLifecycleService
{
    private static TimeSpan ReconnectWithin => TimeSpan.FromSeconds(5);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        readiness.Ready();
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.Draining();
        var connections = router.Connections.ToList();
        DrainStarted(connections.Count);
        connections.ForEach(connection => connection.Handler.Drain(ReconnectWithin));
        // With none to be told, none has to be waited for: an upgrade that is under way closes its connection by itself.
        await Task.WhenAll(
            runs.DrainAsync(cancellationToken),
            connections.Count > 0 ? CloseAllAsync(cancellationToken) : Task.CompletedTask);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CloseAllAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(options.Value.DrainGrace, clock, cancellationToken);
        // Asked again: one that was upgraded just before is in by now.
        foreach (var connection in router.Connections)
        {
            connection.Context.Close(CloseReason.Draining);
        }
    }

    [LoggerMessage(LogLevel.Information, "Draining {Connections} connections")]
    private partial void DrainStarted(int connections);
}
