using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Connections;

/// <summary>Once a second, ends connections whose send or message takes too long or whose session has expired. One timer for all, instead of one each.</summary>
internal sealed class ConnectionSweep(MessageRouter router, ChatMetrics metrics, TimeProvider clock, ILogger<ConnectionSweep> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly BackgroundWork _work = new("sweep", metrics, clock, logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in Ticks.EveryAsync(Every, clock, stoppingToken))
        {
            foreach (var handler in router.Handlers)
            {
                await _work.TryAsync(nameof(AgentMessageHandler), () => Sweep(handler), stoppingToken);
            }
        }
    }

    private Task Sweep(AgentMessageHandler handler)
    {
        if (ReasonToClose(handler) is { } reason)
        {
            handler.Close(reason);
        }

        return Task.CompletedTask;
    }

    private CloseReason? ReasonToClose(AgentMessageHandler handler) =>
        handler.IsStuck() ? CloseReason.SendTimedOut
        : handler.IsMessageOverdue() ? CloseReason.MessageTimedOut
        : handler.Session.ExpiresAt <= clock.GetUtcNow() ? CloseReason.SessionExpired
        : null;
}
