using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Storage;

/// <summary>No read holds up the server: each ends at its deadline or with its client, and users share the places.</summary>
public sealed class SqliteReadPoolTests : IDisposable
{
    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-reads-");
    private readonly SqliteDatabase _database;
    private readonly LogLines _lines = new(typeof(SqliteReadPool).FullName!);

    public SqliteReadPoolTests()
    {
        _database = new SqliteDatabase(Path.Combine(_directory.FullName, "chat.db"));
        SqliteSchema.Ensure(_database);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task A_read_without_end_is_interrupted_at_its_deadline_and_the_next_is_served()
    {
        using var reads = Reads(new StorageOptions { ReadTimeout = TimeSpan.FromMilliseconds(100), SearchTimeout = TimeSpan.FromMilliseconds(100) });

        await FluentActions.Awaiting(() => Task.Run(() => reads.ReadAsync(Count, CancellationToken.None)).Soon()).Should().ThrowAsync<LogUnavailableException>();
        await FluentActions.Awaiting(() => reads.BrowseAsync(UserId.New(), Count, CancellationToken.None).Soon()).Should().ThrowAsync<LogUnavailableException>();

        (await reads.ReadAsync(One, CancellationToken.None).Soon()).Should().Be(1);
        (await reads.BrowseAsync(UserId.New(), One, CancellationToken.None).Soon()).Should().Be(1);
        _lines.All.Should().BeEmpty("a read that takes too long says nothing about the log");
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task A_read_is_interrupted_when_its_caller_no_longer_waits()
    {
        using var reads = Reads(new StorageOptions { SearchTimeout = TimeSpan.FromMinutes(5), MaxConcurrentSearches = 1 });
        using var client = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var search = reads.BrowseAsync(UserId.New(), log => Begin(log, begun), client.Token);
        await begun.Task.Soon();

        await client.CancelAsync();

        await FluentActions.Awaiting(() => search.Soon()).Should().ThrowAsync<OperationCanceledException>();
        (await reads.BrowseAsync(UserId.New(), One, CancellationToken.None).Soon()).Should().Be(1);
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task One_users_reads_hold_up_neither_commands_nor_another_user()
    {
        using var reads = Reads(new StorageOptions { SearchTimeout = TimeSpan.FromMinutes(5), MaxConcurrentSearches = 2, MaxWaitingSearchesPerUser = 20 });
        using var client = new CancellationTokenSource();
        var hostile = UserId.New();
        var searches = Enumerable.Range(0, 40).Select(_ => reads.BrowseAsync(hostile, Count, client.Token)).ToList();

        var refused = searches.Where(search => search.IsFaulted).ToList();
        refused.Count.Should().BeInRange(19, 20, "one may run, 20 may wait");
        (await reads.BrowseAsync(UserId.New(), One, CancellationToken.None).Soon()).Should().Be(1);
        (await reads.ReadAsync(One, CancellationToken.None).Soon()).Should().Be(1);

        await client.CancelAsync();
        await FluentActions.Awaiting(() => Task.WhenAll(searches).Soon()).Should().ThrowAsync<Exception>();
        searches.Except(refused).Should().OnlyContain(search => search.IsCanceled || search.Exception!.InnerException is OperationCanceledException);
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task Closing_interrupts_what_runs_and_fails_what_waits()
    {
        var reads = Reads(new StorageOptions { SearchTimeout = TimeSpan.FromMinutes(5), MaxConcurrentSearches = 1 });
        var begun = new TaskCompletionSource();
        var running = reads.BrowseAsync(UserId.New(), log => Begin(log, begun), CancellationToken.None);
        var waiting = reads.BrowseAsync(UserId.New(), One, CancellationToken.None);
        await begun.Task.Soon();

        await Task.Run(reads.Dispose).Soon();

        await FluentActions.Awaiting(() => running.Soon()).Should().ThrowAsync<LogUnavailableException>();
        await FluentActions.Awaiting(() => waiting.Soon()).Should().ThrowAsync<LogUnavailableException>();
        await FluentActions.Awaiting(() => reads.BrowseAsync(UserId.New(), One, CancellationToken.None).Soon()).Should().ThrowAsync<LogUnavailableException>();
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task A_log_that_is_away_is_said_once_and_a_read_that_gives_up_in_time_is_not_mistaken_for_it()
    {
        using var reads = Reads(new StorageOptions { ReadTimeout = TimeSpan.FromMilliseconds(100) });

        await FluentActions.Awaiting(() => Task.Run(() => reads.ReadAsync(GiveUp, CancellationToken.None)).Soon()).Should().ThrowAsync<LogUnavailableException>();
        (_lines.All, reads.Availability.IsAvailable).Should().BeEquivalentTo((Array.Empty<string>(), true));

        for (var i = 0; i < 2; i++)
        {
            await FluentActions.Awaiting(() => reads.ReadAsync<long>(_ => throw new LogUnavailableException("Its file is gone."), CancellationToken.None).Soon())
                .Should().ThrowAsync<LogUnavailableException>();
        }

        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain("reading: Its file is gone.");
        reads.Availability.IsAvailable.Should().BeFalse();
        (await reads.ReadAsync(One, CancellationToken.None).Soon()).Should().Be(1);
        reads.Availability.IsAvailable.Should().BeTrue();
    }

    // As a loop over rows does.
    private static long GiveUp(SqliteReadConnection log)
    {
        while (true)
        {
            log.Limit!.ThrowIfOver();
        }
    }

    private static long Count(SqliteReadConnection log) => log.First(Endless, row => row.GetInt64(0));

    private static long One(SqliteReadConnection log) => log.First("SELECT 1", row => row.GetInt64(0));

    private static long Begin(SqliteReadConnection log, TaskCompletionSource begun)
    {
        begun.SetResult();
        return Count(log);
    }

    private SqliteReadPool Reads(StorageOptions options) =>
        new(_database, Options.Create(options), TimeProvider.System, LoggerFactory.Create(logging => logging.AddProvider(_lines)).CreateLogger<SqliteReadPool>());
}
