using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;

namespace ChatBackend.Connections;

/// <summary>Once a second, ends connections whose send takes too long or whose session has expired. One timer for all, instead of one each.</summary>
internal sealed class ConnectionSweep(MessageRouter router, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in Ticks.EveryAsync(Every, clock, stoppingToken))
        {
            var now = clock.GetUtcNow();
            foreach (var handler in router.Handlers)
            {
                if (handler.IsStuck())
                {
                    handler.Close(CloseReason.SendTimedOut);
                }
                else if (handler.Session.ExpiresAt <= now)
                {
                    handler.Close(CloseReason.SessionExpired);
                }
            }
        }
    }
}
