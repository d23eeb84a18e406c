using ChatBackend.Hosting;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Connections;

/// <summary>Once a second, ends connections whose send or message takes too long or whose session has expired. One timer for all, instead of one each.</summary>
internal sealed partial class ConnectionSweep(MessageRouter router, OutboxMemory memory, ChatMetrics metrics, TimeProvider clock, ILogger<ConnectionSweep> logger) : BackgroundService
{
    private static TimeSpan Every => TimeSpan.FromSeconds(1);

    private readonly BackgroundWork _work = new("sweep", metrics, clock, logger);

    private HashSet<string> _failing = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sweep = Sweep;
        await foreach (var _ in PeriodicTicks.EveryAsync(Every, clock, stoppingToken))
        {
            var failed = new HashSet<string>();
            foreach (var connection in router.Connections)
            {
                if (!await _work.TryAsync(connection.Context.Id.Value, sweep, connection, stoppingToken))
                {
                    failed.Add(connection.Context.Id.Value);
                }
            }

            _failing.Except(failed).ToList().ForEach(_work.Forget); // those whose connection has gone
            _failing = failed;

            if (memory.IsFull)
            {
                await _work.TryAsync(nameof(OutboxMemory), RelieveAsync, stoppingToken);
            }
        }
    }

    private Task Sweep(OpenConnection connection)
    {
        if (ReasonToClose(connection) is { } reason)
        {
            connection.Context.Close(reason);
        }

        return Task.CompletedTask;
    }

    /// <summary>Those that hold most go first, until the others fit.</summary>
    private Task RelieveAsync()
    {
        var (excess, closed) = (memory.Excess, 0);
        foreach (var (outbox, held) in router.Connections.Select(connection => (connection.Outbox, connection.Outbox.HeldBytes)).OrderByDescending(entry => entry.HeldBytes).ToList())
        {
            if (excess <= 0 || held == 0)
            {
                break;
            }

            outbox.GiveUp();
            (excess, closed) = (excess - held, closed + 1);
        }

        Relieved(closed, memory.Max);
        return Task.CompletedTask;
    }

    private CloseReason? ReasonToClose(OpenConnection connection) =>
        connection.Outbox.IsStuck() ? CloseReason.SendTimedOut
        : connection.Handler.IsMessageOverdue() ? CloseReason.MessageTimedOut
        : connection.Context.Session.ExpiresAt <= clock.GetUtcNow() ? CloseReason.SessionExpired
        : null;

    [LoggerMessage(LogLevel.Warning, "{Connections} connections that read slowly and held most are closed: all together held more than {Bytes} bytes (Connections:MaxTotalOutboxBytes)")]
    private partial void Relieved(int connections, long bytes);
}
