using Microsoft.Extensions.Hosting;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Looks for the keys of the log's users before anything makes new ones.</summary>
internal sealed class KeysCheck(SqliteEventLog log, DataDirectoryHalves halves) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        halves.ThrowIfKeysAreLost(log.Opened.Threads);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
