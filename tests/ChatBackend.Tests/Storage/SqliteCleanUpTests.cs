using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>What is erased leaves the WAL too, and free pages go back to the file system a little at a time.</summary>
public sealed class SqliteCleanUpTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-clean-");
    private readonly SqliteConnection _connection;
    private readonly SqliteCleanUp _cleanUp = new();

    public SqliteCleanUpTests()
    {
        _connection = Connect();
        _connection.Execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 2000; CREATE TABLE pages (content BLOB)");
    }

    private long WalBytes => new FileInfo(Path.Combine(_directory.FullName, "chat.db-wal")).Length;

    private long FreePages => _connection.Scalar("PRAGMA freelist_count");

    public void Dispose()
    {
        _connection.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task The_last_step_of_an_erasure_leaves_nothing_in_the_WAL()
    {
        _cleanUp.Erased();

        (await FinishAsync()).Should().BeTrue();

        WalBytes.Should().Be(0);
        _connection.Scalar("PRAGMA busy_timeout").Should().Be(2000, "it waits for others as before");
        _connection.Execute("INSERT INTO pages VALUES ('x')");
        (await FinishAsync()).Should().BeFalse("it is left as it is when nothing was erased since");
        WalBytes.Should().BePositive();
    }

    [Fact]
    public async Task A_read_that_holds_it_up_is_not_waited_for_and_the_next_step_does_it()
    {
        _connection.Execute("INSERT INTO pages VALUES ('x')");
        using (var reader = Connect())
        {
            reader.Execute("BEGIN");
            reader.Scalar("SELECT count(*) FROM pages").Should().Be(1);
            _connection.Execute("INSERT INTO pages VALUES ('x')");
            _cleanUp.Erased();

            (await FinishAsync()).Should().BeFalse();
            WalBytes.Should().BePositive();
            _connection.Scalar("PRAGMA busy_timeout").Should().Be(2000);
        }

        (await FinishAsync()).Should().BeTrue();
        WalBytes.Should().Be(0);
    }

    [Fact]
    public async Task A_file_that_cannot_be_cleaned_fails_the_erasure_as_a_store_that_is_away()
    {
        _cleanUp.Erased();
        using var broken = new SqliteConnection("Data Source=:memory:;Default Timeout=1");
        broken.Open();
        broken.Execute("BEGIN");
        broken.Execute("CREATE TABLE t (c)"); // within a transaction SQLite refuses a checkpoint
        var erase = new PendingErase(LogWriter.At, CancellationToken.None);

        _cleanUp.FinishErasing(broken, erase);
        erase.Complete();

        await FluentActions.Awaiting(() => erase.Completion).Should().ThrowAsync<LogUnavailableException>();
        (await FinishAsync()).Should().BeTrue("it is still to be done");
    }

    [Fact]
    public void Free_pages_are_given_back_in_steps_but_for_a_few()
    {
        _connection.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO pages SELECT zeroblob(4000) FROM n");
        _connection.Execute("DELETE FROM pages; PRAGMA wal_checkpoint(TRUNCATE)");
        var before = FreePages;
        var file = new FileInfo(Path.Combine(_directory.FullName, "chat.db"));
        var length = file.Length;
        before.Should().BeInRange(321, 511);

        _cleanUp.IsDue.Should().BeTrue("an earlier process may have left some");
        _cleanUp.Shrink(_connection).Should().BeTrue();
        FreePages.Should().Be(before - 256);
        (_cleanUp.IsDue, _cleanUp.Shrink(_connection)).Should().Be((true, true));
        FreePages.Should().Be(0);

        _cleanUp.Shrink(_connection).Should().BeFalse("there are no more");
        _cleanUp.IsDue.Should().BeFalse();
        file.Refresh();
        file.Length.Should().BeLessThan(length / 2, "the WAL came home");
        WalBytes.Should().Be(0);
        _connection.Execute("INSERT INTO pages VALUES ('x')");
        _cleanUp.Shrink(_connection).Should().BeFalse();
        WalBytes.Should().BePositive("there is nothing to do until something is erased");
        _cleanUp.Erased();
        _cleanUp.IsDue.Should().BeTrue();
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 0)]
    public void As_many_free_pages_as_are_soon_used_again_are_kept(int free, int left)
    {
        FreeExactly(free);

        _cleanUp.Shrink(_connection).Should().Be(left == 0);

        FreePages.Should().Be(left);
    }

    [Fact]
    public void The_file_gets_shorter_when_the_read_that_held_it_up_has_ended()
    {
        FreeExactly(100);
        using (var reader = Connect())
        {
            reader.Execute("BEGIN");
            reader.Scalar("SELECT count(*) FROM pages").Should().BePositive();
            _cleanUp.Shrink(_connection).Should().BeTrue();
            _cleanUp.Shrink(_connection).Should().BeFalse();
            (_cleanUp.IsDue, WalBytes > 0).Should().Be((true, true));
        }

        _cleanUp.Shrink(_connection).Should().BeFalse();
        (_cleanUp.IsDue, WalBytes).Should().Be((false, 0));
    }

    [Fact]
    public void A_file_that_cannot_give_pages_back_is_left_alone()
    {
        _connection.Execute("PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = DELETE; VACUUM; PRAGMA journal_mode = WAL");
        FreeExactly(100);

        _cleanUp.Shrink(_connection).Should().BeFalse();

        (FreePages, _cleanUp.IsDue).Should().Be((100, false));
    }

    /// <summary>One row a page and its overflow, deleted until so many pages are free.</summary>
    private void FreeExactly(int pages)
    {
        _connection.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO pages SELECT zeroblob(2100) FROM n");
        while (FreePages < pages)
        {
            _connection.Execute("DELETE FROM pages WHERE rowid = (SELECT max(rowid) FROM pages)");
        }

        FreePages.Should().Be(pages);
        _connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private async Task<bool> FinishAsync()
    {
        var erase = new PendingErase(LogWriter.At, CancellationToken.None);
        _cleanUp.FinishErasing(_connection, erase);
        erase.Complete();
        return await erase.Completion;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "chat.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
