using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Storage;

/// <summary>What the store's registration puts together, and how a start ends that cannot be.</summary>
[SupportedOSPlatform("linux")]
public sealed class StorageStartTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-start-");

    private string Log => Path.Combine(_directory.FullName, "chat.db");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task One_log_serves_all_that_ask_for_it_and_its_files_lie_in_the_data_directory()
    {
        using var host = Build();
        var log = host.Services.GetRequiredService<SqliteEventLog>();

        await host.StartAsync(TestContext.Current.CancellationToken);

        host.Services.GetRequiredService<IEventLog>().Should().BeSameAs(log);
        host.Services.GetRequiredService<IThreadStore>().Should().BeSameAs(log);
        host.Services.GetServices<IHostedService>().Select(service => service.GetType().Name).Should()
            .ContainInOrder(nameof(StorageStartup), nameof(SearchIndexer), nameof(StoreMetrics), nameof(KeysCheck));
        (log.Path, host.Services.GetRequiredService<DataDirectory>().Path).Should().Be((Log, _directory.FullName));
        await Deadline.UntilAsync(() => File.Exists(Path.Combine(_directory.FullName, "search.db")));
        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains("ready"), TestContext.Current.CancellationToken);
        health.Entries.Keys.Should().Equal("store");
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Nothing_can_be_asked_of_a_log_before_it_is_open()
    {
        using var host = Build();
        var log = host.Services.GetRequiredService<SqliteEventLog>();

        log.Invoking(closed => closed.LogId).Should().Throw<InvalidOperationException>().WithMessage("The event log is not open yet: StorageStartup opens it when the host starts.");
        log.Invoking(closed => closed.LastCommitAt).Should().Throw<InvalidOperationException>().WithMessage("The event log is not open yet: StorageStartup opens it when the host starts.");
        await log.Awaiting(closed => closed.OpenAsync(new("thr_1"), CancellationToken.None)).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Settings_that_are_out_of_range_end_the_start()
    {
        using var host = Build(("Storage:KeepCommandsDays", "0"));

        await host.Awaiting(one => one.StartAsync()).Should().ThrowAsync<OptionsValidationException>().WithMessage("*KeepCommandsDays*");
    }

    [Fact]
    public async Task A_log_that_is_not_a_database_ends_the_start_with_what_to_do()
    {
        await File.WriteAllTextAsync(Log, new string('x', 5000), TestContext.Current.CancellationToken);

        await StartingAsync().Should().ThrowAsync<InvalidOperationException>()
            .WithMessage($"The event log {Log} cannot be opened: it is damaged. Keep a copy of it, run `check` to see what is damaged, and `restore` a backup.");
    }

    [Fact]
    public async Task A_log_that_cannot_be_made_ends_the_start_with_what_to_do()
    {
        Directory.CreateDirectory(Log);

        await StartingAsync().Should().ThrowAsync<InvalidOperationException>()
            .WithMessage($"The event log {Log} cannot be opened: look at the disk and at who owns the data directory.");
    }

    [Fact]
    public async Task Keys_without_their_log_end_the_start_before_one_is_begun()
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "keys"));
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "keys", "key-1.xml"), "key", TestContext.Current.CancellationToken);

        await StartingAsync().Should().ThrowAsync<InvalidOperationException>().WithMessage("*the keys of its users are there*AllowNewLog*");

        File.Exists(Log).Should().BeFalse();
    }

    [Fact]
    public async Task A_log_without_its_keys_ends_the_start()
    {
        await using (var earlier = await SqliteLogHost.StartAsync(_directory.FullName))
        {
            await LogWriter.StartAsync(earlier.Log);
        }

        await StartingAsync().Should().ThrowAsync<InvalidOperationException>().WithMessage("*1 threads*AllowNewKeys*");
    }

    [Fact]
    public async Task What_a_process_that_was_killed_left_in_the_WAL_is_in_the_log_after_the_start()
    {
        var elsewhere = _directory.CreateSubdirectory("elsewhere").FullName;
        LogWriter writer;
        await using (var host = await SqliteLogHost.StartAsync(_directory.FullName))
        {
            writer = await LogWriter.StartAsync(host.Log);
            foreach (var end in new[] { "", "-wal", "-shm" })
            {
                LogFileTests.Run("cp", Log + end, Path.Combine(elsewhere, $"chat.db{end}"));
            }
        }

        await using var again = await SqliteLogHost.StartAsync(elsewhere);

        again.Log.Opened.Wal.Should().Match<WalFile>(wal => wal.Frames > 0 && !wal.IsDamaged);
        (again.Log.Opened.IsNew, again.Log.Opened.Threads).Should().Be((false, 1));
        new FileInfo(Path.Combine(elsewhere, "chat.db-wal")).Length.Should().Be(0);
        File.Exists(Path.Combine(elsewhere, "chat.db-wal.damaged")).Should().BeFalse();
        (await writer.On(again.Log).ReadTextsAsync()).Should().Equal("first");
    }

    private Func<Task> StartingAsync() => async () =>
    {
        using var host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
    };

    private IHost Build(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value).Append(new("DataDirectory", _directory.FullName)));
        builder.Services.AddMetrics();
        builder.Services.AddSqliteStorage().AddStoreMetrics().AddKeysCheck();
        return builder.Build();
    }
}
