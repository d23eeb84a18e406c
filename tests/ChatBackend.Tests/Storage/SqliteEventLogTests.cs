using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

public sealed class SqliteEventLogTests : EventLogContract
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");
    private SqliteLogHost? _host;

    private protected override async Task<IEventLog> OpenStoreAsync() =>
        (_host = await SqliteLogHost.StartAsync(_directory.FullName)).Log;

    private protected override Task CatchUpAsync() => _host!.CatchUpAsync();

    private protected override async Task CloseStoreAsync() => await _host!.DisposeAsync();

    private protected override Task DeleteStoreAsync()
    {
        _directory.Delete(recursive: true);
        return Task.CompletedTask;
    }
}
