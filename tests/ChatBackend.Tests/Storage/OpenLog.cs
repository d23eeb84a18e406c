using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>A log of one thread, in a directory of its own and on a clock that stands still.</summary>
public abstract class OpenLog : IAsyncLifetime
{
    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected DirectoryInfo Data { get; } = Directory.CreateTempSubdirectory("chat-log-");

    private protected SqliteLogHost Host { get; private set; } = null!;

    private protected LogWriter Writer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await SqliteLogHost.StartAsync(Data.FullName, clock: new FakeTimeProvider());
        Writer = LogWriter.OfNewThread(Host.Log);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Host.DisposeAsync();
        Data.Delete(recursive: true);
    }
}
