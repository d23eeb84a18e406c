using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>Another program writes into the log's files while they are in use: nothing is acknowledged on it, and two histories are never mixed.</summary>
[SupportedOSPlatform("linux")]
public sealed class OverwrittenFilesTests : LogFileTests
{
    private string Older => Path.Combine(Folder, "older.db");

    [Theory]
    [Trait("failure", "Q22")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_older_copy_that_is_copied_over_the_log_is_not_worked_on(bool withItsWal)
    {
        var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        if (!withItsWal)
        {
            Checkpoint();
        }

        CopyAside();
        Checkpoint();
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);
        Checkpoint();
        (await writer.AppendAsync("third")).Should().Be(AppendResult.Appended.Instance);

        Run("cp", Older, Database);
        if (withItsWal)
        {
            Run("cp", Older + "-wal", Database + "-wal");
        }

        for (var i = 0; i < 2; i++)
        {
            await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
            await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
        }

        Lines.All.Should().Contain(line => line.Contains("by another program", StringComparison.Ordinal) && line.Contains("restore", StringComparison.Ordinal));
        (await TextsAfterKillAsync(writer)).Should().Equal("first");
        await host.DisposeAsync();
        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_stop_brings_no_WAL_into_a_log_that_was_copied_over()
    {
        var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        Checkpoint();
        CopyAside();
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);
        Checkpoint();
        (await writer.AppendAsync("third")).Should().Be(AppendResult.Appended.Instance);

        Run("cp", Older, Database);
        await host.DisposeAsync();

        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task An_older_copy_in_the_logs_place_is_started_on_without_the_WAL_of_the_other()
    {
        var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        Checkpoint();
        CopyAside();
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);
        Checkpoint();
        (await writer.AppendAsync("third")).Should().Be(AppendResult.Appended.Instance);

        File.Move(Older, Database, overwrite: true);
        await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));

        (await TextsAfterKillAsync(writer)).Should().Equal("first");
        await host.DisposeAsync();
        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Theory]
    [Trait("failure", "Q22")]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4152)]
    public async Task A_truncated_WAL_is_not_written_to(long length)
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        Checkpoint();
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);

        Run("truncate", "-s", $"{length}", Database + "-wal");

        await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
        await ShouldBeUnavailableAsync(() => writer.ReadTextsAsync());
        Lines.All.Should().Contain(line => line.Contains("truncated by another program", StringComparison.Ordinal));
        (await TextsAfterKillAsync(writer)).Should().Equal("first");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_WAL_that_is_overwritten_is_not_replayed()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        CopyAside();
        Checkpoint();
        (await writer.AppendAsync("second")).Should().Be(AppendResult.Appended.Instance);
        Checkpoint();
        (await writer.AppendAsync("third")).Should().Be(AppendResult.Appended.Instance);

        Run("cp", Older + "-wal", Database + "-wal");

        await ShouldBeUnavailableAsync(() => writer.AppendAsync("lost"));
        (await TextsAfterKillAsync(writer)).Should().Equal("first", "second");
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task Other_programs_may_read_back_up_and_checkpoint()
    {
        await using var host = await SqliteLogHost.StartAsync(Folder, Lines);
        var writer = await LogWriter.StartAsync(host.Log);
        for (var i = 0; i < 20; i++)
        {
            using (var other = SqliteLogHost.Connect(Folder))
            using (var command = other.CreateCommand())
            {
                command.CommandText = i % 3 == 0 ? $"VACUUM INTO '{Database}.{i}'" : i % 3 == 1 ? "PRAGMA wal_checkpoint(PASSIVE)" : "PRAGMA wal_checkpoint(TRUNCATE)";
                command.ExecuteNonQuery();
            }

            (await writer.AppendAsync(new string('x', 100_000))).Should().Be(AppendResult.Appended.Instance);
            (await writer.ReadTextsAsync()).Should().HaveCount(i + 2);
        }

        Lines.All.Should().NotContain(line => line.Contains("another program", StringComparison.Ordinal));
    }

    private void CopyAside()
    {
        Run("cp", Database, Older);
        Run("cp", Database + "-wal", Older + "-wal");
    }
}
