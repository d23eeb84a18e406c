using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>The log's files are removed or replaced while it is in use: no acknowledgement of what could not be found, and nothing acknowledged is lost.</summary>
[SupportedOSPlatform("linux")]
public sealed class FilesTakenAwayTests : LogFileTests
{
    [Theory]
    [Trait("failure", "Q22")]
    [InlineData("chat.db-wal")]
    [InlineData("chat.db-wal", "chat.db-shm")]
    [InlineData("chat.db-shm")]
    public async Task A_WAL_that_is_removed_under_the_server_takes_nothing_with_it(params string[] files)
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        await writer.ReadTextsAsync();

        foreach (var file in files)
        {
            File.Delete(Path.Combine(Folder, file));
        }

        string[] kept = ["first", .. await AcknowledgedAsync(writer, "next"), "back"];
        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);

        (await TextsAfterKillAsync(again)).Should().Equal(kept);
        (await again.ReadTextsAsync()).Should().Equal(kept);
        Lines.All.Should().Contain(line => line.Contains("a new one is in use", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_WAL_of_another_time_in_its_place_is_not_replayed()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        var (wal, old) = (Database + "-wal", Database + "-old");
        File.Copy(wal, old);
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);

        File.Move(old, wal, overwrite: true);

        string[] kept = ["first", "second", .. await AcknowledgedAsync(writer, "next"), "back"];
        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await TextsAfterKillAsync(again)).Should().Equal(kept);
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_WAL_that_is_removed_while_nothing_is_written_is_missed_all_the_same()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);

        File.Delete(Database + "-wal");
        await Lines.UntilAsync(line => line.Contains("a new one is in use", StringComparison.Ordinal)).WaitAsync(Bound, TestContext.Current.CancellationToken);

        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task Connections_that_nobody_reads_with_do_not_hold_up_a_new_WAL()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        await host.CatchUpAsync();
        await writer.ReadTextsAsync();

        File.Delete(Database + "-wal");

        await ShouldBeginNewWalAsync();
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_read_that_ends_while_the_log_is_opened_again_leaves_no_connection_that_holds_it_up()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        await host.CatchUpAsync();
        using var release = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = Task.Run(() => host.Reads.ReadAsync(_ => { begun.SetResult(); return release.Wait(Bound); }, CancellationToken.None), CancellationToken.None);
        await begun.Task.WaitAsync(Bound, TestContext.Current.CancellationToken);
        host.Database.Reopening += () =>
        {
            release.Set();
            SpinWait.SpinUntil(() => reading.IsCompleted, Bound);
        };

        File.Delete(Database + "-wal");

        await ShouldBeginNewWalAsync();
        (await reading).Should().BeTrue();
        await Deadline.UntilAsync(() => !host.Database.IsReopening); // the line comes a moment before
        (await writer.ReadTextsAsync()).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_WAL_that_is_gone_when_the_server_stops_is_brought_home()
    {
        var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);

        File.Delete(Database + "-wal");
        await host.DisposeAsync();

        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task An_older_copy_of_the_same_log_is_not_worked_on()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        Checkpoint();
        var (older, aside) = (Database + "-older", Database + "-aside");
        File.Copy(Database, older);
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);
        Checkpoint();

        File.Move(Database, aside);
        File.Move(older, Database);

        for (var i = 0; i < 2; i++)
        {
            await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
            await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
        }

        Lines.All.Should().Contain(line => line.Contains("older copy", StringComparison.Ordinal) && line.Contains("restart", StringComparison.Ordinal));
        File.Move(aside, Database, overwrite: true);
        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
        (await again.ReadTextsAsync()).Should().Equal("first", "second", "back");
    }

    /// <summary>At the first attempt, with nothing to wait for.</summary>
    private async Task ShouldBeginNewWalAsync()
    {
        const string Waiting = "as soon as the reads that are under way have ended";
        await Lines.UntilAsync(line => line.Contains(Waiting, StringComparison.Ordinal) || line.Contains("a new one is in use", StringComparison.Ordinal))
            .WaitAsync(Bound, TestContext.Current.CancellationToken);
        Lines.All.Should().NotContain(line => line.Contains(Waiting, StringComparison.Ordinal));
    }

    /// <summary>Refused, unless the look that the writer takes once a second came first and mended the files.</summary>
    private static async Task<string[]> AcknowledgedAsync(LogWriter writer, string text)
    {
        try
        {
            (await writer.AppendAsync(text)).Should().Be(AppendResult.Appended.Instance);
            return [text];
        }
        catch (LogUnavailableException)
        {
            return [];
        }
    }
}
