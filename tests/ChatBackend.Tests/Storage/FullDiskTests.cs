using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>A disk that fills between a commit and the work that follows it.</summary>
public sealed class FullDiskTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("failure", "Q2")]
    public async Task A_disk_that_fills_between_commit_and_clean_up_fails_no_append_and_fences_no_writer()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.InMemory(16 << 10);
        await using var host = await SqliteLogHost.StartAsync(disk.Path);
        var (first, second, deleted) = (LogWriter.OfNewThread(host.Log), await LogWriter.StartAsync(host.Log), await LogWriter.StartAsync(host.Log));
        await FillTheWalAsync(await LogWriter.StartAsync(host.Log));
        (await host.Log.DeleteAsync(deleted.Thread, deleted.Epoch, Cancelled)).Should().BeTrue();
        (await host.Log.EraseAsync(Cancelled)).Should().BeFalse("the last step is to come");
        var filler = disk.Fill(butBytes: 400 << 10);

        var command = LogWriter.Command(first.Owner, "first-send");
        var results = await InOneBatchAsync(host, disk.Path, second, [
            () => first.AppendAsync(first.Next("sent") with { Command = command }),
            () => second.AppendAsync("said"),
        ]);

        results.Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
        (await first.ReadTextsAsync()).Should().Equal("sent");
        File.Delete(filler);
        (await second.AppendAsync("and on")).Should().Be(AppendResult.Appended.Instance, "no writer is fenced");
        (await host.Log.EraseAsync(Cancelled)).Should().BeTrue("what could not be done then is done now");
    }

    /// <summary>More than the disk has room for when it is brought home.</summary>
    private static async Task FillTheWalAsync(LogWriter writer)
    {
        for (var i = 0; i < 100; i++)
        {
            (await writer.AppendAsync(writer.Next() with { Events = [new LogEvent(writer.Head + 1, LogWriter.Incompressible(50_000), null)] }))
                .Should().Be(AppendResult.Appended.Instance);
        }
    }

    /// <summary>The appends and the last step of an erasure share a commit, which another program's lock holds up until all of them wait.</summary>
    private static async Task<AppendResult[]> InOneBatchAsync(SqliteLogHost host, string directory, LogWriter before, Func<Task<AppendResult>>[] appends)
    {
        await using var other = SqliteLogHost.Connect(directory);
        using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        var held = before.AppendAsync("held");
        await Deadline.UntilAsync(() => host.Log.WaitingWrites == 0); // its commit has begun, without the others
        var all = Task.WhenAll(appends.Select(append => append()).ToArray());
        var without = host.Log.PendingBytes;
        var erase = host.Log.EraseAsync(Cancelled);
        await Deadline.UntilAsync(() => host.Log.PendingBytes > without); // it reads before it writes
        command.CommandText = "ROLLBACK";
        command.ExecuteNonQuery();

        (await held).Should().Be(AppendResult.Appended.Instance);
        var results = await all;
        await FluentActions.Awaiting(() => erase).Should().ThrowAsync<LogUnavailableException>("the disk has no room for it");
        return results;
    }
}
