using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>A store that is locked, full or gone: refused, in time, and taken again when it is back.</summary>
public sealed class SqliteStoreFailureTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    private string Database => Path.Combine(_directory.FullName, "chat.db");

    private string Aside => Path.Combine(_directory.FullName, "aside.db");

    [Fact]
    public async Task A_locked_store_is_refused_in_time_reads_on_and_is_taken_again()
    {
        var lines = new LogLines("ChatBackend.Storage.Sqlite.SqliteEventLog");
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName, lines);
        var writer = await LogWriter.StartAsync(host.Log);
        await using (var other = SqliteLogHost.Connect(_directory.FullName))
        {
            Execute(other, "BEGIN EXCLUSIVE");
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ShouldBeUnavailableAsync(() => writer.AppendAsync("refused"))));
            (await writer.ReadTextsAsync()).Should().Equal("first");
            Execute(other, "ROLLBACK");
        }

        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await again.ReadTextsAsync()).Should().Equal("first", "back");
        lines.All.Should().SatisfyRespectively(
            line => line.Should().StartWith("Warning").And.Contain("writing"),
            line => line.Should().StartWith("Information").And.Contain("writing"));
    }

    [Fact]
    public async Task A_full_store_refuses_what_has_no_room_and_takes_the_rest()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName, maxDatabaseMiB: 1);
        var big = await LogWriter.StartAsync(host.Log);
        var small = await LogWriter.StartAsync(host.Log);

        var tooMuch = ShouldBeUnavailableAsync(() => big.AppendAsync(big.Next() with { Events = [new LogEvent(big.Head + 1, LogWriter.Incompressible(2 << 20))] }));
        var fits = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => small.AppendAsync($"{i}")));
        await tooMuch;

        fits.Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
        (await big.ReadTextsAsync()).Should().Equal("first");
    }

    [Fact]
    public async Task A_full_store_is_taken_again_when_there_is_room()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName, maxDatabaseMiB: 1);
        var writer = LogWriter.OfNewThread(host.Log);
        await FluentActions.Awaiting(async () =>
        {
            while (true)
            {
                await writer.AppendAsync(writer.Next() with
                {
                    Events = [new LogEvent(writer.Head + 1, LogWriter.Incompressible(50_000), null)],
                });
            }
        }).Should().ThrowAsync<LogUnavailableException>();

        var stored = await host.Log.ReadAsync(writer.Thread, 0, 1000, int.MaxValue, TestContext.Current.CancellationToken);
        stored.Should().HaveCountGreaterThan(5);
        await using (var other = SqliteLogHost.Connect(_directory.FullName))
        {
            Execute(other, "DELETE FROM events WHERE seq < 5");
        }

        var again = await writer.TakeOverAsync();
        again.Head.Should().Be(stored[^1].Seq);
        (await again.AppendAsync("room")).Should().Be(AppendResult.Appended.Instance);
    }

    [Fact]
    public async Task A_file_that_is_gone_is_not_replaced_and_is_taken_again_when_it_is_back()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        await writer.ReadTextsAsync();

        File.Move(Database, Aside);
        await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
        await ShouldBeUnavailableAsync(() => host.Log.OpenAsync(writer.Thread, TestContext.Current.CancellationToken));
        await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
        File.Exists(Database).Should().BeFalse();

        File.Move(Aside, Database);
        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await again.ReadTextsAsync()).Should().Equal("first", "back");
    }

    [Fact]
    public async Task A_copy_of_the_same_log_is_taken_in_its_place()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        await writer.ReadTextsAsync();
        File.Copy(Database, Aside);
        File.Delete(Database);
        await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());

        File.Move(Aside, Database);

        (await (await writer.TakeOverAsync()).AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await writer.ReadTextsAsync()).Should().Equal("first", "back");
    }

    [Fact]
    public async Task Another_file_in_the_place_of_the_log_is_not_taken_for_it()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        File.Move(Database, Aside);
        await File.WriteAllBytesAsync(Database, [], TestContext.Current.CancellationToken);

        // Twice: the first time the open connections notice, the second time new ones would be opened.
        for (var i = 0; i < 2; i++)
        {
            await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
            await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
        }

        File.Move(Aside, Database, overwrite: true);
        (await (await writer.TakeOverAsync()).AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await writer.ReadTextsAsync()).Should().Equal("first", "back");
    }

    [Fact]
    public async Task A_log_of_another_server_is_not_taken_for_this_ones()
    {
        var elsewhere = Directory.CreateTempSubdirectory("chat-log-");
        await (await SqliteLogHost.StartAsync(elsewhere.FullName)).DisposeAsync();
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        foreach (var file in _directory.EnumerateFiles("chat.db*"))
        {
            file.Delete();
        }

        File.Move(Path.Combine(elsewhere.FullName, "chat.db"), Database);
        elsewhere.Delete(recursive: true);

        for (var i = 0; i < 2; i++)
        {
            await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
            await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static async Task ShouldBeUnavailableAsync(Func<Task> call) =>
        await FluentActions.Awaiting(() => call().WaitAsync(Bound)).Should().ThrowAsync<LogUnavailableException>();

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
