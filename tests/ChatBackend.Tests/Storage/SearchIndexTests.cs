using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>The search index is derived: whatever becomes of its file, the log makes it again, and nothing of it reaches a commit.</summary>
public sealed class SearchIndexTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-index-");
    private readonly LogLines _lines = new("ChatBackend");

    private string IndexPath => Path.Combine(_directory.FullName, "search.db");

    public void Dispose() => _directory.Delete(recursive: true);

    public static TheoryData<string> Losses => ["missing", "empty", "text", "half", "other version", "other log"];

    [Theory]
    [Trait("failure", "Q16")]
    [MemberData(nameof(Losses))]
    public async Task An_index_that_is_lost_damaged_or_of_another_log_or_version_is_made_again(string loss)
    {
        UserId owner;
        await using (var host = await StartAsync())
        {
            await host.CatchUpAsync();
            owner = (await WriteTextAsync(host, "apricots and plums")).Owner;
            await host.CatchUpAsync();
        }

        Lose(loss);
        await using var again = await StartAsync();

        await ShouldFindAsync(again, owner, "plums");
        await SayMoreAsync(again, owner);
        await ShouldFindAsync(again, owner, "cherries");
        _lines.All.Should().ContainSingle(line => line.StartsWith("Information: The search index is made from the log's", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("Information: The search index is complete", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task An_index_that_is_taken_away_under_the_server_is_made_again()
    {
        await using var host = await StartAsync();
        var writer = await WriteTextAsync(host, "apricots and plums");
        await host.CatchUpAsync();

        Lose("missing");

        await ShouldFindAsync(host, writer.Owner, "plums");
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task A_log_that_ends_before_what_was_indexed_is_indexed_again()
    {
        UserId owner;
        await using (var host = await StartAsync())
        {
            owner = (await WriteTextAsync(host, "plums", "pears")).Owner;
            await host.CatchUpAsync();
        }

        await using (var connection = SqliteLogHost.Connect(_directory.FullName))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "DELETE FROM events WHERE seq = 2; UPDATE threads SET head = 1;";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using var again = await StartAsync();
        await ShouldFindAsync(again, owner, "plums");
        await SayMoreAsync(again, owner);
        await ShouldFindAsync(again, owner, "cherries");
    }

    [Fact]
    public async Task The_index_holds_no_text_and_the_log_no_index()
    {
        await using var host = await StartAsync();
        await WriteTextAsync(host, "apricots and plums");
        await host.CatchUpAsync();

        var index = new StringBuilder();
        foreach (var file in _directory.EnumerateFiles("search.db*"))
        {
            await using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            index.Append(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        index.ToString().Should().Contain("plums").And.NotContain("apricots and plums").And.NotContain("and plums");
        await using var log = SqliteLogHost.Connect(_directory.FullName);
        await using var query = log.CreateCommand();
        query.CommandText = "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%fts5%' OR name LIKE '%texts%'";
        (await query.ExecuteScalarAsync(TestContext.Current.CancellationToken)).Should().Be(0L);
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task An_event_that_cannot_be_read_costs_only_itself()
    {
        await using var host = await StartAsync();
        var writer = await WriteTextAsync(host, "plums");
        await writer.AppendAsync("""{"type":"user_message","broken""");
        await writer.WriteTextAsync("pears");

        await ShouldFindAsync(host, writer.Owner, "pears");
        _lines.All.Should().ContainSingle(line => line.StartsWith("Warning: 1 events before event", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_text_of_more_than_is_indexed_is_found_by_its_beginning()
    {
        await using var host = await StartAsync();
        var writer = await WriteTextAsync(host, $"beginning {string.Join(' ', Enumerable.Range(0, 40_000).Select(i => $"word{i}"))} ending");

        await ShouldFindAsync(host, writer.Owner, "beginning word500");
        (await host.Log.SearchAsync(writer.Owner, "ending", null, null, 10, TestContext.Current.CancellationToken)).Hits.Should().BeEmpty();
    }

    private void Lose(string what)
    {
        switch (what)
        {
            case "missing":
                foreach (var file in _directory.EnumerateFiles("search.db*"))
                {
                    file.Delete();
                }

                break;
            case "empty":
                File.WriteAllBytes(IndexPath, []);
                break;
            case "text":
                File.WriteAllText(IndexPath, "This is not a database, however long it is read.");
                break;
            case "half":
                using (var file = File.OpenWrite(IndexPath))
                {
                    file.SetLength(file.Length / 2);
                }

                break;
            case "other version":
                Execute($"PRAGMA user_version = {SqliteSearchIndex.Version + 1}");
                break;
            case "other log":
                Execute("UPDATE state SET log_id = 'another'");
                break;
        }
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={IndexPath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private async Task<SqliteLogHost> StartAsync() => await SqliteLogHost.StartAsync(_directory.FullName, _lines);

    private static async Task<LogWriter> WriteTextAsync(SqliteLogHost host, params string[] texts)
    {
        var writer = LogWriter.OfNewThread(host.Log);
        await writer.WriteTextAsync(texts);
        return writer;
    }

    private static Task<AppendResult> SayMoreAsync(SqliteLogHost host, UserId owner) => LogWriter.OfNewThread(host.Log, owner).WriteTextAsync("cherries");

    private static async Task ShouldFindAsync(SqliteLogHost host, UserId owner, string query)
    {
        await host.CatchUpAsync();
        (await host.Log.SearchAsync(owner, query, null, null, 10, TestContext.Current.CancellationToken)).Hits.Should().ContainSingle();
    }
}
