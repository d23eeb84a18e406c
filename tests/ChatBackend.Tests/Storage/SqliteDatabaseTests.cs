using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>How the log's file is opened, closed and made one that can be copied.</summary>
[SupportedOSPlatform("linux")]
public sealed class SqliteDatabaseTests : DatabaseInUse
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_new_file_is_its_owners_alone_and_can_give_space_back(bool isEmpty)
    {
        if (isEmpty)
        {
            DurableFile.Create(Log).Dispose();
        }

        using var connection = Database.OpenFirst();
        connection.Execute("CREATE TABLE t (c)");

        connection.Scalar("PRAGMA auto_vacuum").Should().Be(2);
        Pragmas(connection).Should().Equal(2000, 2, 4096, 67108864, -16384, 2, 1);
        new FileInfo(Log).Directory!.EnumerateFiles().Should().OnlyContain(file => file.UnixFileMode == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public void What_is_opened_again_is_never_created()
    {
        Database.Invoking(database => database.OpenAgain()).Should().Throw<SqliteException>();
        Database.Invoking(database => database.OpenToRead()).Should().Throw<SqliteException>();
        File.Exists(Log).Should().BeFalse();

        Open();
        using var writer = Database.OpenAgain();
        using var reader = Database.OpenToRead();
        Pragmas(writer).Should().Equal(2000, 2, 4096, 67108864, -16384, 2, 1);
        reader.Scalar("PRAGMA busy_timeout").Should().Be(2000);
    }

    [Fact]
    public void Before_it_is_open_and_after_it_is_closed_it_says_so()
    {
        Database.Invoking(database => database.LogId).Should().Throw<InvalidOperationException>().WithMessage("The event log is not open yet: *");
        Database.IsReopening.Should().BeTrue();
        ShouldBeLost("The event log * is being opened again.");
        Database.Invoking(database => database.BringHome()).Should().NotThrow("there is nothing to bring home");

        Open();
        (Database.LogId.Length, Database.IsReopening).Should().Be((32, false));
        Database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        Database.Invoking(database => database.ThrowIfOverwritten()).Should().NotThrow();

        Database.Dispose();
        ShouldBeLost("The event log is closed: the server is stopping.");
        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public void A_disk_without_room_keeps_the_WAL_where_it_is()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.InMemory(8 << 10);
        using var database = new SqliteDatabase(Path.Combine(disk.Path, "chat.db"));
        Open(database, rows: 2000);
        var filler = disk.Fill(butBytes: 100 << 10);

        database.Invoking(full => full.BringHome()).Should().Throw<LogUnavailableException>().WithMessage("The event log's disk is full*");

        File.Delete(filler);
        database.Invoking(one => one.BringHome()).Should().NotThrow();
    }

    [Fact]
    public void A_read_holds_up_what_would_take_its_pages_away()
    {
        Open(rows: 3);
        using (var reader = Database.OpenToRead())
        {
            reader.Execute("BEGIN");
            reader.Scalar("SELECT count(*) FROM filler").Should().Be(3);
            using var writer = Database.OpenAgain();
            writer.Execute("INSERT INTO filler VALUES (1)");

            Database.Invoking(database => database.BringHome()).Should().Throw<LogUnavailableException>()
                .WithMessage($"The write-ahead log of {Log} cannot be brought into the log while it is being read.");
        }

        Database.Invoking(database => database.BringHome()).Should().NotThrow();
    }

    [Fact]
    public void Files_are_brought_home_while_they_are_in_use()
    {
        Open(rows: 3);
        new FileInfo(Wal).Length.Should().BePositive();

        Database.BringHome();

        new FileInfo(Wal).Length.Should().Be(0);
    }

    [Fact]
    public void An_overwritten_log_is_told_by_every_question_and_nothing_is_brought_into_it()
    {
        Open(rows: 3);
        Database.BringHome();
        Database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        var before = File.ReadAllBytes(Log);
        LogFileTests.Run("cp", Log, Log + ".copy");
        LogFileTests.Run("cp", Log + ".copy", Log);

        foreach (var question in new Action<SqliteDatabase>[] { d => d.ThrowIfLost(), d => d.ThrowIfOverwritten(), d => d.Recover(), d => d.BringHome() })
        {
            Database.Invoking(question).Should().Throw<LogUnavailableException>().WithMessage($"The event log {Log} was overwritten in place by another program. Nothing of it is used any more: *");
        }

        File.ReadAllBytes(Log).Should().Equal(before);
    }

    private static long[] Pragmas(SqliteConnection connection) =>
        [.. new[] { "busy_timeout", "synchronous", "wal_autocheckpoint", "journal_size_limit", "cache_size", "temp_store", "foreign_keys" }
            .Select(name => connection.Scalar($"PRAGMA {name}"))];
}
