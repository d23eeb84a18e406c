using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>What a step of an erasure or a trim takes, row by row, and what is known of the log while it is in use.</summary>
public sealed class StoreMaintenanceTests : IAsyncLifetime
{
    private const int MaxRows = 200;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-upkeep-");
    private readonly FakeTimeProvider _clock = new();
    private SqliteLogHost _host = null!;
    private LogWriter _writer = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await SqliteLogHost.StartAsync(_directory.FullName, clock: _clock);
        _writer = LogWriter.OfNewThread(_host.Log);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(MaxRows - 1, 1)]
    [InlineData(MaxRows, 2)]
    [InlineData(MaxRows + 1, 2)]
    public async Task Commands_past_their_time_are_forgotten_a_step_at_a_time(int commands, int steps)
    {
        var past = _clock.GetUtcNow().AddDays(-30).ToUnixTimeMilliseconds();
        Execute($"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {commands})
            INSERT INTO commands (user_id, id, digest, ack, at) SELECT 'usr', 'c' || i, X'00', X'00', {past - 1} FROM n;
            INSERT INTO commands (user_id, id, digest, ack, at) VALUES ('usr', 'kept', X'00', X'00', {past});
            """);

        (await EraseAsync()).Should().Be(steps);

        (Number("SELECT count(*) FROM commands"), Number("SELECT count(*) FROM commands WHERE id = 'kept'")).Should().Be((1, 1));
    }

    [Theory]
    [InlineData(MaxRows - 1, 2)]
    [InlineData(MaxRows, 3)]
    [InlineData(MaxRows + 1, 3)]
    public async Task A_deleted_thread_is_erased_a_step_at_a_time_and_then_one_that_cleans_the_files(int events, int steps)
    {
        var other = await LogWriter.StartAsync(_host.Log);
        await _writer.AppendAsync([.. Enumerable.Range(0, events).Select(i => $"{i}")]);
        await _writer.AppendAsync(_writer.Next() with { Checkpoint = new PartCheckpoint(RunId.New(), PartId.New(), PartKind.Text, 0, "saved") });
        await _host.Log.DeleteAsync(_writer.Thread, _writer.Epoch, Cancelled);

        (await EraseAsync()).Should().Be(steps);

        new[] { "threads", "events", "part_checkpoints", "event_ids", "replaced" }.Select(table => Number($"SELECT count(*) FROM {table}")).Should().Equal(1, 1, 0, 0, 0);
        (await other.ReadTextsAsync()).Should().Equal("first");
    }

    [Fact]
    public async Task Ids_go_before_their_events_and_what_was_replaced_with_them()
    {
        foreach (var i in Enumerable.Range(0, MaxRows + 1))
        {
            await _writer.AppendAsync(_writer.NextOf($"id{i}", "x"));
        }

        await _writer.AppendAsync(_writer.Next() with { Events = [new LogEvent(_writer.Head + 1, "{}"u8.ToArray(), null, ReplacesAfter: 3)] });
        await _writer.AppendAsync(_writer.Next() with { Events = [new LogEvent(_writer.Head + 1, "{}"u8.ToArray(), null, TakesBack: "id200")] });
        Number("SELECT count(*) FROM replaced").Should().Be(2);

        (await _host.Log.TrimAsync(_writer.Thread, MaxRows + 2, Cancelled)).Should().BeFalse();

        (Number("SELECT count(*) FROM event_ids"), Number("SELECT count(*) FROM events"), Number("SELECT count(*) FROM replaced")).Should().Be((1, MaxRows + 3, 0));
        (await _host.Log.TrimAsync(_writer.Thread, MaxRows + 2, Cancelled)).Should().BeFalse();
        (Number("SELECT count(*) FROM event_ids"), Number("SELECT count(*) FROM events")).Should().Be((0, 3));
        (await _host.Log.TrimAsync(_writer.Thread, MaxRows + 2, Cancelled)).Should().BeTrue();
        Number("SELECT count(*) FROM events").Should().Be(2);
        (await _host.Log.TrimAsync(ThreadId.New(), 5, Cancelled)).Should().BeTrue("there is nothing of it");
    }

    [Fact]
    public async Task Rows_are_told_to_be_used_again_only_when_the_newest_were_erased()
    {
        var last = LogWriter.OfNewThread(_host.Log);
        await _writer.AppendAsync("1", "2", "3");
        await last.AppendAsync("4", "5");

        await _host.Log.TrimAsync(_writer.Thread, 3, Cancelled);
        Number("SELECT count(*) FROM reused_rows").Should().Be(0);
        await _host.Log.TrimAsync(last.Thread, 3, Cancelled);

        (Number("SELECT count(*) FROM reused_rows"), Number("SELECT after_row FROM reused_rows")).Should().Be((1, 3));
    }

    [Fact]
    public async Task Where_a_title_is_from_is_kept_as_it_was_told_last()
    {
        await _writer.AppendAsync(_writer.Next("x") with { Title = "T", TitleFrom = 7 });
        (await _host.Log.OpenAsync(_writer.Thread, Cancelled)).Should().Be(new ThreadHeader(_writer.Thread, _writer.Owner, 2, 1, null, "T", 1, TitleFrom: 7));

        var again = await _writer.TakeOverAsync();
        await again.AppendAsync(again.Next("y") with { TitleFrom = null, OpenFrom = 2 });

        (await _host.Log.OpenAsync(_writer.Thread, Cancelled)).Should().Be(new ThreadHeader(_writer.Thread, _writer.Owner, 4, 2, 2, "T", 1, TitleFrom: null));
    }

    [Fact]
    public async Task A_message_takes_its_thread_out_of_the_archive_and_nothing_else_does()
    {
        await _writer.AppendAsync("one");
        await _host.Log.ArchiveAsync(_writer.Owner, _writer.Thread, true, Cancelled);
        await _writer.AppendAsync("two");
        (await FindAsync()).IsArchived.Should().BeTrue();

        await _writer.AppendAsync(_writer.Next("three") with { Unarchives = true });

        (await FindAsync()).IsArchived.Should().BeFalse();
    }

    [Fact]
    public async Task Each_event_has_the_checksum_of_its_bytes_and_a_place_of_its_own_only_where_its_time_does_not_tell()
    {
        await _writer.AppendAsync(_writer.Next("short", new string('a', 2000)));
        await _writer.AppendAsync(_writer.Next("earlier") with { At = LogWriter.At.AddHours(-1) });

        var at = LogWriter.At.ToUnixTimeMilliseconds();
        using var other = SqliteLogHost.Connect(_directory.FullName);
        using var command = other.CreateCommand();
        command.CommandText = "SELECT json, checksum, active_at FROM events ORDER BY seq";
        using var rows = command.ExecuteReader();
        var places = new List<long?>();
        while (rows.Read())
        {
            rows.GetInt64(1).Should().Be(System.IO.Hashing.Crc32.HashToUInt32(rows.GetFieldValue<byte[]>(0)));
            places.Add(rows.IsDBNull(2) ? null : rows.GetInt64(2));
        }

        places.Should().Equal(null, at, at + 1);
        (await FindAsync()).UpdatedAt.Should().Be(LogWriter.At.AddHours(-1));
    }

    [Fact]
    public async Task A_log_in_use_tells_of_its_commits_and_of_nothing_that_waits()
    {
        var told = 0;
        _host.Log.Committed += _ => Interlocked.Increment(ref told);
        var before = _host.Log.LastCommitAt;

        await _writer.AppendAsync("one");

        _host.Log.LastCommitAt.Should().BeGreaterThan(before);
        (told, _host.Log.PendingBytes).Should().Be((1, 0));
        _host.Log.Path.Should().Be(Path.Combine(_directory.FullName, "chat.db"));
        _host.Log.Availability.Select(store => (store.Use, store.IsAvailable)).Should().Equal(("reading", true), ("writing", true));
        _host.Log.LogId.Should().MatchRegex("^[0-9a-f]{32}$");
    }

    [Fact]
    public async Task A_start_tells_what_it_found()
    {
        _host.Log.Opened.Should().Be(new OpenedLog(_host.Log.LogId, IsNew: true, SqliteSchema.Newest, 0, null));
        await _writer.AppendAsync("one");
        await LogWriter.StartAsync(_host.Log);
        await _host.Log.DeleteAsync(_writer.Thread, _writer.Epoch, Cancelled);
        var id = _host.Log.LogId;
        await _host.DisposeAsync();

        _host = await SqliteLogHost.StartAsync(_directory.FullName, clock: _clock);

        _host.Log.Opened.Should().Be(new OpenedLog(id, IsNew: false, SqliteSchema.Newest, 1, null));
    }

    private async Task<ThreadRecord> FindAsync() => (await _host.Log.FindAsync(_writer.Owner, _writer.Thread, Cancelled))!;

    /// <returns>How many steps it took.</returns>
    private async Task<int> EraseAsync()
    {
        var steps = 1;
        for (; !await _host.Log.EraseAsync(Cancelled); steps++)
        {
        }

        return steps;
    }

    private void Execute(string sql)
    {
        using var other = SqliteLogHost.Connect(_directory.FullName);
        other.Execute(sql);
    }

    private long Number(string sql)
    {
        using var other = SqliteLogHost.Connect(_directory.FullName);
        return other.Scalar(sql);
    }
}
