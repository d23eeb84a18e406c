using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>What is said and done when the log's file or its WAL is no longer what was opened.</summary>
[SupportedOSPlatform("linux")]
public sealed class SqliteRecoveryTests : DatabaseInUse
{
    private const string WalLost = "The write-ahead log beside * was removed or replaced while the server runs. What is in it is brought into the log, and a new one begun.";

    [Fact]
    public void A_log_that_is_gone_is_told_from_one_that_was_replaced()
    {
        Open();
        File.Move(Log, Log + ".aside");
        ShouldBeLost("The event log * was removed. It is used again as soon as the same log is back in its place.");
        Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>().WithMessage("*was removed*");
        Database.Invoking(database => database.BringHome()).Should().Throw<LogUnavailableException>().WithMessage("*was removed*");

        File.WriteAllText(Log, "another");
        ShouldBeLost("The event log * was replaced by another file: *");
        Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>().WithMessage("*was replaced*");
        File.Exists(Wal).Should().BeFalse("it is kept from what stands there");
        File.Exists(Wal + ".aside").Should().BeTrue();

        File.Move(Log + ".aside", Log, overwrite: true);
        Database.Recover().Should().BeTrue();
        File.Exists(Wal).Should().BeTrue();
        Database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        Lines.All.Should().BeEmpty("it is the same file");
    }

    [Fact]
    public void A_copy_in_the_place_of_the_log_is_used_when_it_is_the_same_to_the_last_byte()
    {
        Open(rows: 3000);
        Database.BringHome();
        new FileInfo(Log).Length.Should().BeGreaterThan(3 << 20);
        var same = File.ReadAllBytes(Log);
        byte[] other = [.. same];
        other[^1] ^= 1;

        Replace(same[..^1]);
        Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>("it is shorter");
        Replace(other);
        for (var i = 0; i < 2; i++)
        {
            Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>("it differs in one bit");
        }

        Replace(same);
        Database.Recover().Should().BeTrue();

        Lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain("the same in every byte");
        using var connection = Database.OpenToRead();
        connection.Scalar("SELECT count(*) FROM filler").Should().Be(3000);
    }

    [Fact]
    public void A_WAL_that_is_gone_is_brought_home_and_what_waits_is_refused_once()
    {
        Open(rows: 3);
        File.Delete(Wal);
        ShouldBeLost(WalLost);

        Database.Recover().Should().BeFalse("that there was trouble should show");

        Database.Invoking(database => database.ThrowIfLost()).Should().NotThrow();
        Database.Recover().Should().BeTrue();
        Lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain("a new one is in use");
        using var connection = Database.OpenToRead();
        connection.Scalar("SELECT count(*) FROM filler").Should().Be(3);
    }

    [Fact]
    public void A_foreign_WAL_is_set_aside_and_an_empty_one_is_not()
    {
        Open(rows: 3);
        File.Delete(Wal);
        File.WriteAllText(Wal, "foreign");
        Database.Recover().Should().BeFalse();
        File.ReadAllText(Wal + ".aside").Should().Be("foreign");

        File.Delete(Wal);
        File.WriteAllText(Wal, "");
        Database.Recover().Should().BeFalse();
        File.ReadAllText(Wal + ".aside").Should().Be("foreign");
    }

    [Fact]
    public async Task A_read_that_is_under_way_is_waited_for_and_its_end_ends_the_wait()
    {
        Open(rows: 3);
        var reader = Database.OpenToRead();
        using var asked = new ManualResetEventSlim();
        Database.Reopening += asked.Set;
        File.Delete(Wal);
        var recovered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var recovering = new Thread(() =>
        {
            try
            {
                recovered.SetResult(Database.Recover());
            }
            catch (Exception ex)
            {
                recovered.SetException(ex);
            }
        });
        recovering.Start();
        asked.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken).Should().BeTrue();
        Database.IsReopening.Should().BeTrue();
        SpinWait.SpinUntil(() => recovering.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(20)).Should().BeTrue();

        await reader.DisposeAsync();

        (await recovered.Task).Should().BeFalse("it went on, and what waits is refused once");
    }

    [Fact]
    public void A_WAL_that_cannot_be_set_aside_is_told()
    {
        Open(rows: 3);
        Directory.CreateDirectory(Wal + ".aside");
        Replace([1]);

        Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>()
            .WithMessage($"The write-ahead log of {Log} belongs to another log now and cannot be set aside: *");

        Directory.Delete(Wal + ".aside");
        Database.Invoking(database => database.Recover()).Should().Throw<LogUnavailableException>().WithMessage("*was replaced*");
        File.Exists(Wal + ".aside").Should().BeTrue();
    }

    [Fact]
    public void What_could_not_be_opened_holds_up_nothing()
    {
        Database.OpenFirst().Dispose();
        Database.Invoking(database => database.TrackCurrentFile()).Should().Throw<SqliteException>("it has no id");
        OpenFiles().Should().BeEmpty();
        Open(rows: 3);
        File.Move(Log, Log + ".aside");
        Database.Invoking(database => database.OpenAgain()).Should().Throw<SqliteException>();
        File.Move(Log + ".aside", Log);
        File.Delete(Wal);

        Database.Recover().Should().BeFalse("no connection is left to wait for");
    }
}
