using ChatBackend.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>How many connections this process takes: <c>Connections:MaxConnections</c>, or fewer where its file descriptors do not suffice.</summary>
internal sealed partial class ConnectionLimit : IHostedLifecycleService
{
    /// <summary>Sockets besides those of connections: requests, health checks and scrapers that keep theirs open.</summary>
    private const int Unupgraded = 100;

    private readonly FileDescriptors _descriptors;
    private readonly ConnectionOptions _options;
    private readonly ILogger<ConnectionLimit> _logger;
    private readonly int? _limit;
    private int _firstRefused = int.MaxValue;
    private int _sockets;
    private long _socketsRefused;

    public ConnectionLimit(FileDescriptors descriptors, IOptions<ConnectionOptions> options, ChatMetrics metrics, ILogger<ConnectionLimit> logger)
    {
        (_descriptors, _options, _logger, _limit) = (descriptors, options.Value, logger, descriptors.ReadLimit());
        Connections = _options.MaxConnections;
        metrics.WatchSocketsRefused(() => Volatile.Read(ref _socketsRefused));
        if (_limit is { } limit)
        {
            metrics.WatchDescriptors(limit, () => descriptors.CountOpen().GetValueOrDefault());
        }
    }

    /// <summary>Connections that may be open at once.</summary>
    public int Connections { get; private set; }

    /// <summary>
    /// Whether a new socket may stay; <see cref="CloseSocket"/> is called once it is closed. One that may not is closed at once: what is left belongs
    /// to the server's own files.
    /// </summary>
    /// <param name="descriptor">The socket's file descriptor.</param>
    public bool TryOpenSocket(nint descriptor)
    {
        var isOpen = Interlocked.Increment(ref _sockets) <= Connections + Unupgraded && descriptor < Volatile.Read(ref _firstRefused);
        if (!isOpen)
        {
            CloseSocket();
            Interlocked.Increment(ref _socketsRefused);
        }

        return isOpen;
    }

    public void CloseSocket() => Interlocked.Decrement(ref _sockets);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (_limit is { } limit)
        {
            DescriptorBudget.Require(limit);
        }

        return Task.CompletedTask;
    }

    // Before anything listens, with what is known by then.
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Divide();
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (Divide() is { } budget && Connections < _options.MaxConnections)
        {
            LogLowered(Connections, _options.MaxConnections, budget.Limit, budget.Used, budget.Reserved, budget.LimitFor(_options.MaxConnections));
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private DescriptorBudget? Divide()
    {
        if (_limit is not { } limit || _descriptors.CountOpen() is not { } used)
        {
            return null;
        }

        var budget = DescriptorBudget.Of(limit, used, _options.ReservedDescriptors);
        Connections = Math.Min(_options.MaxConnections, budget.Connections);
        Volatile.Write(ref _firstRefused, budget.FirstRefused);
        return budget;
    }

    [LoggerMessage(LogLevel.Warning,
        "At most {Effective} connections are taken, not Connections:MaxConnections={Configured}: this process may have {Limit} file descriptors, uses {Used} "
        + "before its first client and keeps {Reserved} for itself. Raise the limit to {Needed} (ulimit -n, LimitNOFILE=, --ulimit nofile=), or lower the setting")]
    private partial void LogLowered(int effective, int configured, int limit, int used, int reserved, int needed);
}
