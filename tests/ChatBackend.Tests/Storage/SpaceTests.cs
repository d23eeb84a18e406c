using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What is deleted gives its room back.</summary>
[Trait("failure", "Q26")]
public sealed class SpaceTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_hundred_threads_that_are_deleted_leave_the_file_under_half_its_size_within_a_minute()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writers = new List<LogWriter>();
        for (var i = 0; i < 510; i++)
        {
            writers.Add(LogWriter.OfNewThread(host.Log));
        }

        await Task.WhenAll(writers.Select(writer => writer.AppendAsync(writer.Next() with { Events = [new LogEvent(1, LogWriter.Incompressible(20_000), null)] })));
        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var file = new FileInfo(Path.Combine(_directory.FullName, "chat.db"));
        var before = file.Length;

        await Task.WhenAll(writers.Take(500).Select(writer => host.Log.DeleteAsync(writer.Thread, writer.Epoch, Cancelled)));
        while (!await host.Log.EraseAsync(Cancelled))
        {
        }

        using var deadline = new CancellationTokenSource(Bound);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (; file.Length > before / 2; file.Refresh())
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{before} bytes became {file.Length}");
        (await writers[^1].AppendAsync("goes on")).Should().Be(AppendResult.Appended.Instance);
    }

    [Fact]
    public async Task Free_pages_that_an_earlier_process_left_are_given_back_though_there_is_always_something_to_write()
    {
        await using (var earlier = await SqliteLogHost.StartAsync(_directory.FullName))
        {
            var large = LogWriter.OfNewThread(earlier.Log);
            await large.AppendAsync(large.Next() with { Events = [.. Enumerable.Range(1, 80).Select(seq => new LogEvent(seq, LogWriter.Incompressible(100_000), null))] });
        }

        Execute("DELETE FROM events WHERE seq > 1; UPDATE threads SET head = 1; PRAGMA wal_checkpoint(TRUNCATE)");
        var file = new FileInfo(Path.Combine(_directory.FullName, "chat.db"));
        var before = file.Length;

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = LogWriter.OfNewThread(host.Log);
        using var deadline = Deadline.Source();
        for (; file.Length > before / 2; file.Refresh())
        {
            deadline.Token.ThrowIfCancellationRequested();
            (await writer.AppendAsync("more")).Should().Be(AppendResult.Appended.Instance);
        }
    }

    [Fact]
    public async Task A_command_is_forgotten_after_its_time_and_not_before()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var (old, young) = (LogWriter.OfNewThread(host.Log), LogWriter.OfNewThread(host.Log));
        foreach (var (writer, days) in new[] { (old, 31), (young, 29) })
        {
            await writer.AppendAsync(writer.Next("said") with { Command = LogWriter.Command(writer.Owner, "c-1") });
            Execute($"UPDATE commands SET at = at - {days} * 86400000 WHERE user_id = '{writer.Owner}'");
        }

        (await host.Log.EraseAsync(Cancelled)).Should().BeTrue();

        (await host.Log.FindCommandAsync(old.Owner, new ClientFrameId("c-1"), Cancelled)).Should().BeNull();
        (await host.Log.FindCommandAsync(young.Owner, new ClientFrameId("c-1"), Cancelled)).Should().NotBeNull();
        (await old.ReadTextsAsync()).Should().Equal("said");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void Execute(string sql)
    {
        using var other = SqliteLogHost.Connect(_directory.FullName);
        using var command = other.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
