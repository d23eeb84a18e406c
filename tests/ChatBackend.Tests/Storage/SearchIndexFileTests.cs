using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Search;
using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>The file of the search index by itself: when it has to be made again, what it finds, and that it lets go of what is to be forgotten.</summary>
[SupportedOSPlatform("linux")]
public sealed class SearchIndexFileTests : IDisposable
{
    private const string LogId = "log";

    private static readonly UserId Anna = new("usr_anna");
    private static readonly UserId Ben = new("usr_ben");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-index-");
    private readonly SqliteSearchIndex _index;

    public SearchIndexFileTests() => _index = new SqliteSearchIndex(Path);

    private string Path => System.IO.Path.Combine(_directory.FullName, "search.db");

    private long WalBytes => new FileInfo(Path + "-wal").Length;

    public void Dispose()
    {
        _index.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void A_new_one_begins_at_the_beginning_and_is_its_owners_alone()
    {
        _index.IsOpen.Should().BeFalse();
        _index.Invoking(index => index.Add([], default)).Should().Throw<InvalidOperationException>().WithMessage("The search index is not open.");

        _index.Open(LogId).Should().Be((new SearchCursor(0, 0), "there was none"));

        _index.IsOpen.Should().BeTrue();
        _directory.EnumerateFiles().Should().OnlyContain(file => file.UnixFileMode == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Find(Anna, "plums").Should().BeEmpty();
    }

    [Fact]
    public void One_that_is_opened_again_goes_on_where_it_was()
    {
        _index.Open(LogId);
        _index.Add([Text(7, Anna, "plums")], new SearchCursor(9, 4));
        _index.Close();
        _index.IsOpen.Should().BeFalse();

        _index.Open(LogId).Should().Be((new SearchCursor(9, 4), null));

        _index.IsOpen.Should().BeTrue();
        Find(Anna, "plums").Should().Equal(7);
    }

    [Theory]
    [InlineData("UPDATE state SET log_id = 'another'", "it was of another log")]
    [InlineData("PRAGMA user_version = 2", "it was of another version")]
    [InlineData("PRAGMA user_version = 0", "it was of another version")]
    [InlineData("DROP TABLE state", "it was damaged")]
    [InlineData("DELETE FROM texts_data WHERE id > 10", "it was damaged")]
    [InlineData("DROP TABLE texts", "it was damaged")]
    public void One_that_cannot_be_used_is_made_again_and_that_is_told(string damage, string reason)
    {
        _index.Open(LogId);
        _index.Add([Text(7, Anna, "plums")], new SearchCursor(9, 4));
        _index.Close();
        Execute(damage);

        _index.Open(LogId).Should().Be((new SearchCursor(0, 0), reason));

        Find(Anna, "plums").Should().BeEmpty();
        _index.Add([Text(7, Anna, "plums")], new SearchCursor(7, 0));
        _index.Close();
        _index.Open(LogId).Should().Be((new SearchCursor(7, 0), null));
    }

    [Fact]
    public void A_page_that_was_damaged_is_noticed_when_it_is_opened()
    {
        _index.Open(LogId);
        _index.Add([.. Enumerable.Range(1, 500).Select(row => Text(row, Anna, $"word{row} word{row * 7} word{row * 13}"))], new SearchCursor(500, 0));
        _index.Close();
        using (var file = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Seek(file.Length - 4096, SeekOrigin.Begin);
            file.Write(new byte[4096]);
        }

        _index.Open(LogId).Should().Be((new SearchCursor(0, 0), "it was damaged"));
    }

    [Fact]
    public void All_words_have_to_be_there_and_the_newest_comes_first_up_to_a_place_and_a_number()
    {
        _index.Open(LogId);
        _index.Add([Text(1, Anna, "plums"), Text(2, Ben, "plums and pears"), Text(3, Anna, "plums and pears"), Text(5, Anna, "pears, plums")], new SearchCursor(5, 0));

        Find(Anna, "plums").Should().Equal(5, 3, 1);
        Find(Anna, "plums pears").Should().Equal(5, 3);
        Find(Anna, "plums figs").Should().BeEmpty();
        Find(Ben, "plums").Should().Equal(2);
        Find(Anna, "plums", top: 5).Should().Equal(5, 3, 1);
        Find(Anna, "plums", top: 4).Should().Equal(3, 1);
        Find(Anna, "plums", max: 2).Should().Equal(5, 3);
    }

    [Fact]
    public void A_text_without_words_is_passed_over()
    {
        _index.Open(LogId);

        _index.Add([Text(1, Anna, "?!"), Text(2, Anna, "plums")], new SearchCursor(2, 0));

        (Scalar("SELECT count(*) FROM texts_docsize"), Scalar("SELECT row FROM state")).Should().Be((1, 2));
    }

    [Fact]
    public void A_batch_that_fails_leaves_nothing_and_the_file_is_looked_at_again()
    {
        _index.Open(LogId);
        Execute("CREATE TRIGGER full BEFORE UPDATE ON state WHEN new.row = 2 BEGIN SELECT raise(FAIL, 'no room'); END");

        _index.Invoking(index => index.Add([Text(1, Anna, "plums")], new SearchCursor(2, 0))).Should().Throw<SqliteException>();

        _index.IsOpen.Should().BeFalse();
        _index.Open(LogId).Should().Be((new SearchCursor(0, 0), null));
        Find(Anna, "plums").Should().BeEmpty();
        _index.Add([Text(1, Anna, "plums")], new SearchCursor(1, 0));
        Find(Anna, "plums").Should().Equal(1);
    }

    [Fact]
    public void What_is_forgotten_is_not_found_and_what_it_never_had_changes_nothing()
    {
        _index.Open(LogId);
        SearchableText[] texts = [Text(1, Anna, "plums"), Text(2, Anna, "plums and pears"), Text(3, Ben, "plums")];
        _index.Add(texts, new SearchCursor(3, 0));

        _index.Forget([texts[1], Text(4, Anna, "plums")]);

        Find(Anna, "plums").Should().Equal(1);
        Find(Anna, "pears").Should().BeEmpty();
        Find(Ben, "plums").Should().Equal(3);
        _index.Close();
        _index.Open(LogId).Should().Be((new SearchCursor(3, 0), null), "it is whole");
    }

    [Fact]
    public void With_the_last_of_what_is_forgotten_the_words_leave_the_files()
    {
        _index.Open(LogId);
        var text = Text(1, Anna, "plums");
        _index.Add([text], new SearchCursor(1, 0));
        _index.Forget([]);
        WalBytes.Should().BePositive("nothing was forgotten");

        _index.Forget([text]);
        WalBytes.Should().BePositive("there may be more to come");
        _index.Forget([]);

        WalBytes.Should().Be(0);
        File.ReadAllText(Path, System.Text.Encoding.Latin1).Should().NotContain("plums");
        _index.Add([Text(2, Anna, "pears")], new SearchCursor(2, 0));
        _index.Forget([]);
        WalBytes.Should().BePositive("it was done once");
    }

    [Fact]
    public void A_search_that_holds_that_up_leaves_it_for_the_next_time()
    {
        _index.Open(LogId);
        var text = Text(1, Anna, "plums");
        _index.Add([text], new SearchCursor(1, 0));
        using (var reader = Connect())
        {
            reader.Execute("BEGIN");
            reader.Scalar("SELECT row FROM state").Should().Be(1);
            _index.Forget([text]);
            _index.Forget([]);
            WalBytes.Should().BePositive();
        }

        _index.Forget([]);
        WalBytes.Should().Be(0);
    }

    [Fact]
    public void A_file_that_is_replaced_is_open_no_longer_and_searches_see_the_one_that_is_there()
    {
        _index.Open(LogId);
        _index.Add([Text(1, Anna, "plums")], new SearchCursor(1, 0));
        Find(Anna, "plums").Should().Equal(1);
        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        File.Copy(Path, Path + ".copy");
        _index.Forget([Text(1, Anna, "plums")]);
        Find(Anna, "plums").Should().BeEmpty();
        foreach (var end in new[] { "", "-wal", "-shm" })
        {
            File.Delete(Path + end);
        }

        _index.IsOpen.Should().BeFalse();
        File.Move(Path + ".copy", Path);

        _index.IsOpen.Should().BeFalse("it is another file");
        Find(Anna, "plums").Should().Equal(1);
        _index.Dispose();
        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public void A_search_that_fails_leaves_nothing_open()
    {
        _index.Open(LogId);
        _index.Add([Text(1, Anna, "plums")], new SearchCursor(1, 0));
        Find(Anna, "plums").Should().Equal(1);
        Execute("DROP TABLE texts");

        FluentActions.Invoking(() => Find(Anna, "plums")).Should().Throw<SqliteException>();

        _index.Dispose();
        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public void What_is_thrown_away_leaves_no_file_and_no_open_one()
    {
        _index.Open(LogId);
        _index.Add([Text(1, Anna, "plums")], new SearchCursor(1, 0));
        Find(Anna, "plums").Should().Equal(1);

        _index.Delete();

        (_index.IsOpen, _directory.EnumerateFiles().Any()).Should().Be((false, false));
        OpenFiles().Should().BeEmpty();
        _index.Open(LogId).Rebuilt.Should().Be("there was none");
        Find(Anna, "plums").Should().BeEmpty();
        _index.Dispose();
        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public void A_search_in_a_file_that_cannot_be_opened_leaves_none_open()
    {
        File.WriteAllText(Path, "This is not a database, however long it is read.");

        FluentActions.Invoking(() => Find(Anna, "plums")).Should().Throw<SqliteException>();

        OpenFiles().Should().BeEmpty();
    }

    private static SearchableText Text(long row, UserId owner, string text) => new(row, owner, text);

    private IReadOnlyList<long> Find(UserId owner, string query, long top = long.MaxValue, int max = 10) => _index.Find(
        owner, SearchQuery.Parse(query)!, top, max, new ChatBackend.Storage.ReadLimit(TimeProvider.System, TimeSpan.FromMinutes(1), CancellationToken.None, CancellationToken.None));

    /// <summary>What this process has open of the index.</summary>
    private IEnumerable<string> OpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(entry => new FileInfo(entry).LinkTarget).OfType<string>().Where(target => target.StartsWith(_directory.FullName, StringComparison.Ordinal));

    private long Scalar(string sql)
    {
        using var connection = Connect();
        return connection.Scalar(sql);
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        connection.Execute(sql);
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        return connection;
    }
}
