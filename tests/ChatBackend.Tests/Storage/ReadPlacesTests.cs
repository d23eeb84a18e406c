using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>The connections that reads use: a few, kept while they are good, and let go of when they are not.</summary>
[SupportedOSPlatform("linux")]
public sealed class ReadPlacesTests : IDisposable
{
    private const int Places = 8;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-reads-");
    private readonly FakeTimeProvider _clock = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteReadPool _reads;

    public ReadPlacesTests()
    {
        _database = new SqliteDatabase(Path.Combine(_directory.FullName, "chat.db"));
        SqliteSchema.Ensure(_database);
        _reads = new SqliteReadPool(_database, Options.Create(new StorageOptions()), _clock, NullLogger<SqliteReadPool>.Instance);
    }

    public void Dispose()
    {
        _reads.Dispose();
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_connection_is_kept_for_the_next_read_and_for_lists()
    {
        var first = await ReadAsync(log => log);

        (await ReadAsync(log => log)).Should().BeSameAs(first);
        (await _reads.BrowseAsync(UserId.New(), log => log, CancellationToken.None).Soon()).Should().BeSameAs(first);
    }

    [Fact]
    public async Task A_read_that_fails_takes_its_connection_with_it()
    {
        var first = await ReadAsync(log => log);

        var failed = ReadAsync<int>(_ => throw new InvalidOperationException("broken"));

        failed.IsFaulted.Should().BeTrue("it is told by the task");
        await FluentActions.Awaiting(() => failed).Should().ThrowAsync<InvalidOperationException>().WithMessage("broken");
        (await ReadAsync(log => log)).Should().NotBeSameAs(first);
        _reads.Availability.IsAvailable.Should().BeTrue("that says nothing of the log");
        _reads.Dispose();
        _database.Dispose();
        NothingShouldBeOpen();
    }

    [Fact]
    public async Task An_error_of_SQLite_is_the_store_that_is_away_and_lets_go_of_all_connections()
    {
        var others = await WithAllPlacesAsync();

        await FluentActions.Awaiting(() => ReadAsync(log => log.First("SELECT nothing FROM nowhere", row => row.GetInt64(0))))
            .Should().ThrowAsync<LogUnavailableException>().WithMessage("The event log's store fails with SQLite error 1.");

        _reads.Availability.IsAvailable.Should().BeFalse();
        others.Should().NotContain(await ReadAsync(log => log));
        _reads.Availability.IsAvailable.Should().BeTrue();
        _reads.Dispose();
        _database.Dispose();
        NothingShouldBeOpen();
    }

    [Fact]
    public async Task An_index_that_cannot_be_searched_says_nothing_of_the_log()
    {
        await FluentActions.Awaiting(() => ReadAsync<int>(_ => throw new SearchUnavailableException("damaged"))).Should().ThrowAsync<SearchUnavailableException>();

        _reads.Availability.IsAvailable.Should().BeTrue();
    }

    [Fact]
    public async Task A_further_read_waits_for_a_place_and_may_give_up()
    {
        using var gone = new CancellationTokenSource();
        Task<int>? waiting = null;
        Task<int>? cancelled = null;
        using var release = new ManualResetEventSlim();
        var all = WithAllPlacesAsync(release, async () =>
        {
            waiting = ReadAsync(_ => 1);
            cancelled = _reads.ReadAsync(_ => 1, gone.Token);
            (waiting.IsCompleted, cancelled.IsCompleted).Should().Be((false, false));
            await gone.CancelAsync();
            await FluentActions.Awaiting(() => cancelled.Soon()).Should().ThrowAsync<OperationCanceledException>();
            release.Set();
        });

        (await all).Should().HaveCount(Places).And.OnlyHaveUniqueItems();
        (await waiting!.Soon()).Should().Be(1);
        (await WithAllPlacesAsync()).Should().HaveCount(Places, "each place is free again");
    }

    [Fact]
    public async Task Who_is_gone_already_reads_nothing()
    {
        var reads = 0;

        var read = _reads.ReadAsync(_ => reads++, new CancellationToken(canceled: true));

        (read.IsCanceled, reads).Should().Be((true, 0));
        using var gone = new CancellationTokenSource();
        read = _reads.ReadAsync(
            log =>
            {
                gone.Cancel();
                log.Limit!.ThrowIfOver();
                return reads++;
            },
            gone.Token);
        (read.IsCanceled, reads).Should().Be((true, 0));
        (await ReadAsync(_ => 1)).Should().Be(1);
    }

    [Fact]
    public async Task Each_kind_of_read_has_a_time_of_its_own()
    {
        foreach (var (seconds, isOver) in new[] { (10, false), (11, true) })
        {
            (await ReadAsync(log => IsOverAfter(log, seconds))).Should().Be(isOver);
        }

        foreach (var (seconds, isOver) in new[] { (2, false), (3, true) })
        {
            (await _reads.BrowseAsync(UserId.New(), log => IsOverAfter(log, seconds), CancellationToken.None).Soon()).Should().Be(isOver);
        }
    }

    [Fact]
    public async Task A_log_that_is_opened_again_finds_no_connection_left()
    {
        await WithAllPlacesAsync();
        File.Delete(Path.Combine(_directory.FullName, "chat.db-wal"));

        _database.Recover().Should().BeFalse("nothing holds it up");

        (await ReadAsync(log => log.First("SELECT 1", row => row.GetInt64(0)))).Should().Be(1);
    }

    [Fact]
    public async Task Closed_it_keeps_no_connection_not_even_of_a_read_that_ends_later()
    {
        await WithAllPlacesAsync();
        SqliteReadConnection? late = null;
        var read = _reads.ReadAsync(
            log =>
            {
                _reads.Dispose();
                late = log;
                return 1;
            },
            CancellationToken.None);

        (await read).Should().Be(1);

        late!.Invoking(log => log.First("SELECT 1", row => row.GetInt64(0))).Should().Throw<Exception>();
        _database.Dispose();
        NothingShouldBeOpen();
        await FluentActions.Awaiting(() => _reads.BrowseAsync(UserId.New(), _ => 1, CancellationToken.None)).Should().ThrowAsync<LogUnavailableException>();
    }

    private Task<TResult> ReadAsync<TResult>(Func<SqliteReadConnection, TResult> read) => _reads.ReadAsync(read, CancellationToken.None);

    private void NothingShouldBeOpen() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(entry => new FileInfo(entry).LinkTarget)
            .Should().NotContain(target => target != null && target.StartsWith(_directory.FullName, StringComparison.Ordinal));

    private bool IsOverAfter(SqliteReadConnection log, int seconds)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return log.Limit!.IsOver;
    }

    /// <summary>The connections of as many reads as there are places, all at work at once.</summary>
    private async Task<SqliteReadConnection[]> WithAllPlacesAsync(ManualResetEventSlim? release = null, Func<Task>? meanwhile = null)
    {
        using var begun = new CountdownEvent(Places);
        var reads = Enumerable.Range(0, Places).Select(_ => Task.Factory.StartNew(
            () => ReadAsync(log =>
            {
                begun.Signal();
                begun.Wait();
                release?.Wait();
                log.First("SELECT count(*) FROM threads", row => row.GetInt64(0)).Should().Be(0);
                return log;
            }),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToArray();
        await Task.Run(() => begun.Wait(TimeSpan.FromSeconds(20))).Soon();
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        return await Task.WhenAll(reads).Soon();
    }
}
