using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Storage.Sqlite;

internal static class SqliteStorageRegistration
{
    /// <summary>The embedded log, in the data directory. It is open before any other hosted service starts.</summary>
    internal static IServiceCollection AddSqliteStorage(this IServiceCollection services)
    {
        services.AddSection(options => options.Storage);
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddDataDirectory();
        services.AddSingleton<DataDirectoryHalves>();
        services.AddSingleton(provider => new SqliteDatabase(
            provider.GetRequiredService<DataDirectory>().File("chat.db"), provider.GetRequiredService<ILogger<SqliteEventLog>>()));
        services.AddSingleton<SqliteReadPool>();
        services.AddSingleton(provider => new SqliteSearchIndex(provider.GetRequiredService<DataDirectory>().File("search.db")));
        services.AddSingleton<SearchIndexer>();
        services.AddSingleton<SqliteEventLog>();
        services.AddSingleton<IEventLog>(provider => provider.GetRequiredService<SqliteEventLog>());
        services.AddSingleton<IThreadStore>(provider => provider.GetRequiredService<SqliteEventLog>());
        services.AddHostedService<StorageStartup>();
        services.AddHostedService(provider => provider.GetRequiredService<SearchIndexer>());
        return services;
    }

    /// <summary>The numbers of the store, and its part of <c>/health/ready</c>.</summary>
    internal static IServiceCollection AddStoreMetrics(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<StoreHealth>("store", tags: ["ready"]);
        return services.AddHostedService<StoreMetrics>();
    }

    /// <summary>For a server whose users are known by keys in the data directory; to be called before anything that makes keys.</summary>
    internal static IServiceCollection AddKeysCheck(this IServiceCollection services) => services.AddHostedService<KeysCheck>();
}
