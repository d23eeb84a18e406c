using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>How the log's file is opened, and what is said and done when it or its WAL is no longer what was opened.</summary>
[SupportedOSPlatform("linux")]
public sealed class SqliteDatabaseTests : IDisposable
{
    private const string WalLost = "The write-ahead log beside * was removed or replaced while the server runs. What is in it is brought into the log, and a new one begun.";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-database-");
    private readonly LogLines _lines = new("Database");
    private readonly SqliteDatabase _database;

    public SqliteDatabaseTests() => _database = new SqliteDatabase(Log, _lines.CreateLogger("Database"));

    private string Log => Path.Combine(_directory.FullName, "chat.db");

    private string Wal => Log + "-wal";

    public void Dispose()
    {
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_new_file_is_its_owners_alone_and_can_give_space_back(bool isEmpty)
    {
        if (isEmpty)
        {
            DurableFile.Create(Log).Dispose();
        }

        using var connection = _database.OpenFirst();
        connection.Execute("CREATE TABLE t (c)");

        connection.Scalar("PRAGMA auto_vacuum").Should().Be(2);
        Pragmas(connection).Should().Equal(2000, 2, 4096, 67108864, -16384, 2, 1);
        _directory.EnumerateFiles().Should().OnlyContain(file => file.UnixFileMode == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public void What_is_opened_again_is_never_created()
    {
        _database.Invoking(database => database.OpenAgain()).Should().Throw<SqliteException>();
        _database.Invoking(database => database.OpenToRead()).Should().Throw<SqliteException>();
        File.Exists(Log).Should().BeFalse();

        Open();
        using var writer = _database.OpenAgain();
        using var reader = _database.OpenToRead();
        Pragmas(writer).Should().Equal(2000, 2, 4096, 67108864, -16384, 2, 1);
        reader.Scalar("PRAGMA busy_timeout").Should().Be(2000);
    }

    [Fact]
    public void Before_it_is_open_and_after_it_is_closed_it_says_so()
    {
        _database.Invoking(database => database.LogId).Should().Throw<InvalidOperationException>().WithMessage("The event log is not open yet: *");
        _database.IsReopening.Should().BeTrue();
        ShouldBeLost("The event log * is being opened again.");
        _database.Invoking(database => database.BringHome()).Should().NotThrow("there is nothing to bring home");

        Open();
        (_database.LogId.Length, _database.IsReopening).Should().Be((32, false));
        _database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        _database.Invoking(database => database.ThrowIfOverwritten()).Should().NotThrow();

        _database.Dispose();
        ShouldBeLost("The event log is closed: the server is stopping.");
        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public void A_log_that_is_gone_is_told_from_one_that_was_replaced()
    {
        Open();
        File.Move(Log, Log + ".aside");
        ShouldBeLost("The event log * was removed. It is used again as soon as the same log is back in its place.");
        _database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>().WithMessage("*was removed*");
        _database.Invoking(database => database.BringHome()).Should().Throw<LogUnavailableException>().WithMessage("*was removed*");

        File.WriteAllText(Log, "another");
        ShouldBeLost("The event log * was replaced by another file: *");
        _database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>().WithMessage("*was replaced*");
        File.Exists(Wal).Should().BeFalse("it is kept from what stands there");
        File.Exists(Wal + ".aside").Should().BeTrue();

        File.Move(Log + ".aside", Log, overwrite: true);
        _database.Recover().Should().BeTrue();
        File.Exists(Wal).Should().BeTrue();
        _database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        _lines.All.Should().BeEmpty("it is the same file");
    }

    [Fact]
    public void A_copy_in_the_place_of_the_log_is_used_when_it_is_the_same_to_the_last_byte()
    {
        Open(rows: 3000);
        _database.BringHome();
        new FileInfo(Log).Length.Should().BeGreaterThan(3 << 20);
        var same = File.ReadAllBytes(Log);
        byte[] other = [.. same];
        other[^1] ^= 1;

        Replace(same[..^1]);
        _database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>("it is shorter");
        Replace(other);
        for (var i = 0; i < 2; i++)
        {
            _database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>("it differs in one bit");
        }

        Replace(same);
        _database.Recover().Should().BeTrue();

        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain("the same in every byte");
        using var connection = _database.OpenToRead();
        connection.Scalar("SELECT count(*) FROM filler").Should().Be(3000);
    }

    [Fact]
    public void A_WAL_that_is_gone_is_brought_home_and_what_waits_is_refused_once()
    {
        Open(rows: 3);
        File.Delete(Wal);
        ShouldBeLost(WalLost);

        _database.Recover().Should().BeFalse("that there was trouble should show");

        _database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        _database.Recover().Should().BeTrue();
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain("a new one is in use");
        using var connection = _database.OpenToRead();
        connection.Scalar("SELECT count(*) FROM filler").Should().Be(3);
    }

    [Fact]
    public void A_foreign_WAL_is_set_aside_and_an_empty_one_is_not()
    {
        Open(rows: 3);
        File.Delete(Wal);
        File.WriteAllText(Wal, "foreign");
        _database.Recover().Should().BeFalse();
        File.ReadAllText(Wal + ".aside").Should().Be("foreign");

        File.Delete(Wal);
        File.WriteAllText(Wal, "");
        _database.Recover().Should().BeFalse();
        File.ReadAllText(Wal + ".aside").Should().Be("foreign");
    }

    [Fact]
    public async Task A_read_that_is_under_way_is_waited_for_and_its_end_ends_the_wait()
    {
        Open(rows: 3);
        var reader = _database.OpenToRead();
        using var asked = new ManualResetEventSlim();
        _database.Reopening += asked.Set;
        File.Delete(Wal);
        var recovered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var recovering = new Thread(() =>
        {
            try
            {
                recovered.SetResult(_database.Recover());
            }
            catch (Exception ex)
            {
                recovered.SetException(ex);
            }
        });
        recovering.Start();
        asked.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken).Should().BeTrue();
        _database.IsReopening.Should().BeTrue();
        SpinWait.SpinUntil(() => recovering.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(20)).Should().BeTrue();

        await reader.DisposeAsync();

        (await recovered.Task).Should().BeFalse("it went on, and what waits is refused once");
    }

    [Fact]
    public void Files_are_brought_home_while_they_are_in_use()
    {
        Open(rows: 3);
        new FileInfo(Wal).Length.Should().BePositive();

        _database.BringHome();

        new FileInfo(Wal).Length.Should().Be(0);
    }

    [Fact]
    public void An_overwritten_log_is_told_by_every_question_and_nothing_is_brought_into_it()
    {
        Open(rows: 3);
        _database.BringHome();
        _database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        var before = File.ReadAllBytes(Log);
        LogFileTests.Run("cp", Log, Log + ".copy");
        LogFileTests.Run("cp", Log + ".copy", Log);

        foreach (var question in new Action<SqliteDatabase>[] { d => d.ThrowIfLost(), d => d.ThrowIfOverwritten(), d => d.Recover(), d => d.BringHome() })
        {
            _database.Invoking(question).Should().Throw<LogUnavailableException>().WithMessage($"The event log {Log} was overwritten in place by another program. Nothing of it is used any more: *");
        }

        File.ReadAllBytes(Log).Should().Equal(before);
    }

    private void ShouldBeLost(string how) => _database.Invoking(database => database.ThrowIfLost()).Should().Throw<LogUnavailableException>().WithMessage(how);

    /// <summary>With so much beside the schema in the WAL.</summary>
    private void Open(int rows = 0)
    {
        SqliteSchema.Ensure(_database);
        using var connection = _database.OpenAgain();
        connection.Execute("CREATE TABLE filler (c)");
        connection.Execute($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) INSERT INTO filler SELECT randomblob(1000) FROM n");
    }

    /// <summary>Another file under its name.</summary>
    private void Replace(byte[] content)
    {
        File.WriteAllBytes(Log + ".new", content);
        File.Move(Log + ".new", Log, overwrite: true);
    }

    private static long[] Pragmas(SqliteConnection connection) =>
        [.. new[] { "busy_timeout", "synchronous", "wal_autocheckpoint", "journal_size_limit", "cache_size", "temp_store", "foreign_keys" }
            .Select(name => connection.Scalar($"PRAGMA {name}"))];

    private IEnumerable<string> OpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(entry => new FileInfo(entry).LinkTarget).OfType<string>().Where(target => target.StartsWith(_directory.FullName, StringComparison.Ordinal));
}
