using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Opens the log before any other hosted service starts, in any order of registration, and says what it found.</summary>
internal sealed partial class StorageStartup(SqliteEventLog log, DataDirectory directory, DataDirectoryHalves halves, ILoggerFactory loggers)
    : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger("ChatBackend.Start");

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (directory.WasOpenToOthers)
        {
            LogMadePrivate(directory.Path);
        }

        halves.ThrowIfLogIsLost();
        var opened = log.EnsureReady();
        LogOpened(
            directory.Path, opened.LogId, opened.IsNew ? "created" : "opened", opened.Schema, opened.Threads, opened.Wal?.Frames ?? 0, halves.KeyCount);
        if (opened.Wal is { IsDamaged: true } wal)
        {
            LogWalDamaged(log.Path, wal.CommitsBehind, wal.FramesMissing);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "The data directory {Path} could be read by other users of this machine; it has been made private.")]
    private partial void LogMadePrivate(string path);

    [LoggerMessage(LogLevel.Information, "Data directory {Path}: log {LogId} {How}, schema {Schema}, {Threads} threads, {Frames} pages in its write-ahead log, {Keys} keys")]
    private partial void LogOpened(string path, string logId, string how, long schema, long threads, long frames, int keys);

    [LoggerMessage(LogLevel.Error, "The write-ahead log of {Path} could not be read whole: {Commits} commits lie behind a damaged page, {Frames} pages are missing at its end. It was kept as chat.db-wal.damaged; run `check`, and compare with a backup. Only the commit that was under way at a power cut may look like this without a loss.")]
    private partial void LogWalDamaged(string path, int commits, long frames);
}
