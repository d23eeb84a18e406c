using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Storage;

public sealed class SqliteStartTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    [Fact]
    public async Task A_commit_is_on_the_disk_when_it_returns()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        using var connection = new SqliteDatabase(DatabasePath).OpenFirst();

        Scalar(connection, "PRAGMA journal_mode").Should().Be("wal");
        Scalar(connection, "PRAGMA synchronous").Should().Be(2L, "that is FULL");
        Scalar(connection, "PRAGMA foreign_keys").Should().Be(1L);
    }

    [Fact]
    public async Task A_second_server_on_the_directory_is_told_so()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);

        await FluentActions.Awaiting(() => SqliteLogHost.StartAsync(_directory.FullName))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*in use by another process*");
    }

    [Fact]
    public async Task A_stop_commits_what_was_accepted_and_leaves_one_file()
    {
        var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writers = Enumerable.Range(0, 200).Select(_ => LogWriter.OfNewThread(host.Log)).ToArray();
        var appends = writers.Select(writer => writer.AppendAsync("accepted")).ToArray();
        var log = host.Log;

        await host.DisposeAsync();

        (await Task.WhenAll(appends)).Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
        _directory.EnumerateFiles("chat.db*").Select(file => file.Name).Should().Equal("chat.db");
        await FluentActions.Awaiting(() => log.OpenAsync(writers[0].Thread, TestContext.Current.CancellationToken))
            .Should().ThrowAsync<LogUnavailableException>();
    }

    [Fact]
    public async Task The_log_of_a_later_version_is_left_alone()
    {
        await (await SqliteLogHost.StartAsync(_directory.FullName)).DisposeAsync();
        Execute($"PRAGMA user_version = {SqliteSchema.Newest + 1}");

        await FluentActions.Awaiting(() => SqliteLogHost.StartAsync(_directory.FullName))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*written by a later version*");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_file_that_was_upgraded_has_the_schema_of_a_new_one(int version)
    {
        WriteVersion(version);
        await (await SqliteLogHost.StartAsync(_directory.FullName)).DisposeAsync();
        var other = _directory.CreateSubdirectory("new");
        await using var host = await SqliteLogHost.StartAsync(other.FullName);
        using var upgraded = SqliteLogHost.Connect(_directory.FullName);
        using var fresh = SqliteLogHost.Connect(other.FullName);

        SchemaOf(fresh).Should().NotBeEmpty().And.Equal(SchemaOf(upgraded));
    }

    [Fact]
    public async Task A_file_is_upgraded_once()
    {
        await (await SqliteLogHost.StartAsync(_directory.FullName)).DisposeAsync();
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        using var connection = SqliteLogHost.Connect(_directory.FullName);

        Scalar(connection, "PRAGMA user_version").Should().Be(SqliteSchema.Newest);
    }

    [Fact]
    public async Task The_log_of_the_first_version_is_taken_over_with_all_it_holds()
    {
        WriteVersion(1);

        Execute("""
            INSERT INTO threads (key, id, owner, epoch, head, open_from, created_at, updated_at) VALUES (7, 'thr_old', 'usr_old', 3, 2, NULL, 1, 2);
            INSERT INTO events VALUES (7, 1, CAST('{"type":"user_message","thread_id":"thr_old","seq":1,"at":"2026-11-22T00:00:00.000Z","message_id":"msg_old","content":"Grüße","client_id":"c"}' AS BLOB));
            INSERT INTO events VALUES (7, 2, CAST('{"type":"agent_started","thread_id":"thr_old","seq":2,"at":"2026-11-22T00:00:00.000Z","run_id":"run_old","agent":"demo","message_id":"msg_old"}' AS BLOB));
            INSERT INTO texts VALUES (1, 7, 1, 1, hex('usr_old'), 'Grüße');
            """);

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var (thread, cancellation) = (new ThreadId("thr_old"), TestContext.Current.CancellationToken);

        (await host.Log.FindEventAsync(thread, "msg_old", cancellation)).Should().Be(1);
        (await host.Log.OpenAsync(thread, cancellation)).Should().Be(new ThreadHeader(thread, new UserId("usr_old"), 4, 2, null, Title: null, HistoryBegins: 1));
        (await host.Log.ReadAsync(thread, 0, 10, 1000, cancellation)).Should().HaveCount(2);
        await ShouldFindAsync(host, "gruße");
    }

    [Fact]
    public async Task The_log_of_the_second_version_is_taken_over_with_what_was_replaced()
    {
        WriteVersion(2);

        Execute("""
            INSERT INTO threads (key, id, owner, epoch, head, open_from, created_at, updated_at) VALUES (7, 'thr_old', 'usr_old', 3, 2, NULL, 1, 2);
            INSERT INTO texts VALUES (1, 7, 1, 1, hex('usr_old'), 'Grüße');
            INSERT INTO events VALUES (7, 1, CAST('{"type":"user_message","thread_id":"thr_old","seq":1,"at":"2026-11-22T00:00:00.000Z","message_id":"msg_old","content":"Grüße","client_id":"c"}' AS BLOB));
            INSERT INTO events VALUES (7, 2, CAST('{"type":"thread_rewound","thread_id":"thr_old","seq":2,"at":"2026-11-22T00:00:00.000Z","to_seq":0}' AS BLOB));
            INSERT INTO events VALUES (7, 3, CAST('{"type":"user_message","thread_id":"thr_old","seq":3,"at":"2026-11-22T00:00:00.000Z","message_id":"msg_new","content":"Neue Grüße","client_id":"d"}' AS BLOB));
            INSERT INTO events VALUES (7, 4, CAST('{"type":"thread_rewound", broken' AS BLOB));
            """);

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);

        (await ShouldFindAsync(host, "gruße")).Seq.Should().Be(3, "the first was replaced");
    }

    [Fact]
    public void A_bound_that_holds_nothing_stops_the_start() =>
        new StorageOptionsValidator().Validate(null, new StorageOptions { MaxPendingBytes = 1000 }).Failed.Should().BeTrue();

    private static async Task<FoundText> ShouldFindAsync(SqliteLogHost host, string query)
    {
        await host.CatchUpAsync();
        return (await host.Log.SearchAsync(new UserId("usr_old"), query, null, null, 10, TestContext.Current.CancellationToken)).Hits.Should().ContainSingle().Which;
    }

    /// <summary>A file as one of the first three versions left it, which Entity Framework kept the records of.</summary>
    private void WriteVersion(int version)
    {
        using var file = new SqliteDatabase(DatabasePath).OpenFirst();
        SqliteSchema.Upgrade(file, version);
        Execute("""
            CREATE TABLE "__EFMigrationsHistory" ("MigrationId" TEXT NOT NULL PRIMARY KEY, "ProductVersion" TEXT NOT NULL);
            CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
            INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
            PRAGMA user_version = 0;
            """);
        foreach (var migration in new[] { "20261123031320_Initial", "20261123065903_ThreadList", "20261126040500_TextsWithCommit" }.Take(version))
        {
            Execute($"""INSERT INTO "__EFMigrationsHistory" VALUES ('{migration}', '10.0.15')""");
        }
    }

    private string DatabasePath => Path.Combine(_directory.FullName, "chat.db");

    public void Dispose() => _directory.Delete(recursive: true);

    private void Execute(string sql)
    {
        using var connection = SqliteLogHost.Connect(_directory.FullName);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static List<string> SchemaOf(SqliteConnection connection)
    {
        using var query = connection.CreateCommand();
        query.CommandText = """
            SELECT name || ': ' || ifnull(sql, '') FROM sqlite_master
            UNION ALL SELECT 'version ' || user_version FROM pragma_user_version ORDER BY 1
            """;
        using var rows = query.ExecuteReader();
        var schema = new List<string>();
        while (rows.Read())
        {
            schema.Add(rows.GetString(0));
        }

        return schema;
    }
}
