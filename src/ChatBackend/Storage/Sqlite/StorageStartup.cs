using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Opens the log before any other hosted service starts, whatever the order of registration.</summary>
internal sealed partial class StorageStartup(SqliteEventLog log, DataDirectory directory, ILogger<StorageStartup> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (directory.WasOpenToOthers)
        {
            LogMadePrivate(directory.Path);
        }

        log.EnsureReady();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "The data directory {Path} could be read by other users of this machine; it has been made private.")]
    private partial void LogMadePrivate(string path);
}
