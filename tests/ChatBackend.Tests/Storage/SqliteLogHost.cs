using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Storage;

/// <summary>A log in a directory of its own, registered and started as the server does it.</summary>
internal sealed class SqliteLogHost : IAsyncDisposable
{
    private readonly IHost _host;

    private SqliteLogHost(IHost host) => _host = host;

    public SqliteEventLog Log => _host.Services.GetRequiredService<SqliteEventLog>();

    public SqliteDatabase Database => _host.Services.GetRequiredService<SqliteDatabase>();

    public SqliteReadPool Reads => _host.Services.GetRequiredService<SqliteReadPool>();

    public SearchIndexer Indexer => _host.Services.GetRequiredService<SearchIndexer>();

    /// <summary>Ends when a search finds what is committed.</summary>
    public Task CatchUpAsync() => Indexer.CatchUpAsync(TestContext.Current.CancellationToken);

    public static async Task<SqliteLogHost> StartAsync(string directory, ILoggerProvider? logs = null, int maxDatabaseMiB = 0, TimeProvider? clock = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DataDirectory"] = directory,
            ["Storage:MaxDatabaseMiB"] = $"{maxDatabaseMiB}",
        });
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs);
        }

        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddSqliteStorage();
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            return new SqliteLogHost(host);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Another program's look into the file.</summary>
    public static SqliteConnection Connect(string directory)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "chat.db")};Pooling=False;Mode=ReadWrite");
        connection.Open();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(TestContext.Current.CancellationToken);
        _host.Dispose();
    }
}
