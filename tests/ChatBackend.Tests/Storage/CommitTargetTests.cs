using System.Diagnostics;
using System.Text;
using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>What the writer's target does with a batch: all of it or nothing, and what is left when something goes wrong.</summary>
[SupportedOSPlatform("linux")]
public sealed class CommitTargetTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-target-");
    private readonly DataDirectory _data;
    private readonly SqliteDatabase _database;
    private SqliteCommitTarget _target;
    private int _written;

    public CommitTargetTests()
    {
        _data = new DataDirectory(_directory.FullName);
        _database = new SqliteDatabase(_data.File("chat.db"));
        SqliteSchema.Ensure(_database);
        _target = Target();
    }

    public void Dispose()
    {
        _target.Dispose();
        _database.Dispose();
        _data.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_batch_is_committed_with_a_result_for_each_write()
    {
        var (one, two, known) = (Append("thr_1", 1), Append("thr_2", 1, 2), new PendingOpen(new ThreadId("thr_1"), CancellationToken.None));
        var (archive, none) = (new PendingArchive(UserId.New(), new ThreadId("thr_1"), true, LogWriter.At, CancellationToken.None), new PendingDelete(new ThreadId("thr_2"), 7, LogWriter.At, CancellationToken.None));

        Commit(one, two, known, archive, none);

        (await one.Completion, await two.Completion).Should().Be((AppendResult.Appended.Instance, AppendResult.Appended.Instance));
        (await known.Completion)!.Epoch.Should().Be(2);
        (await archive.Completion, await none.Completion).Should().Be((false, false));
        Number("SELECT count(*) FROM events").Should().Be(3);
    }

    [Fact]
    public void A_write_that_breaks_a_rule_takes_the_batch_with_it_and_leaves_the_connection_as_it_was()
    {
        _target.Invoking(target => target.Commit([Append("thr_1", 1), Append("thr_2", 1, 1)])).Should().Throw<SqliteException>().Which.SqliteErrorCode.Should().Be(19);
        Number("SELECT count(*) FROM threads").Should().Be(0);

        Commit(Append("thr_1", 1));

        Number("SELECT count(*) FROM events").Should().Be(1);
    }

    [Fact]
    public void A_write_of_an_unknown_kind_is_a_bug_that_leaves_no_transaction_open()
    {
        _target.Invoking(target => target.Commit([Append("thr_1", 1), new Unknown()])).Should().Throw<UnreachableException>().WithMessage("*Unknown*");

        Number("SELECT count(*) FROM threads").Should().Be(0);
        using (var other = SqliteLogHost.Connect(_directory.FullName))
        {
            other.Execute("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK");
        }

        Commit(Append("thr_1", 1));
    }

    [Fact]
    public void A_thread_whose_creation_was_rolled_back_is_found_under_its_new_key()
    {
        _target.Invoking(target => target.Commit([Append("thr_1", 1), new Unknown()])).Should().Throw<UnreachableException>();

        Commit(Append("thr_2", 1));
        Commit(Append("thr_1", 1));
        Commit(Append("thr_1", 1, "{}"u8.ToArray()));

        Number("SELECT count(*) FROM events JOIN threads ON key = thread_key WHERE id = 'thr_1'").Should().Be(2);
        Number("SELECT count(*) FROM events").Should().Be(3);
    }

    [Fact]
    public void Each_commit_is_told_of_once_and_work_is_left_while_there_may_be_some()
    {
        _target.CleanUp([]).Should().BeFalse("nothing was written yet");
        _written.Should().Be(0);
        var write = Append("thr_1", 1);
        _target.Commit([write]);
        _written.Should().Be(0, "it is told after the commit");

        _target.CleanUp([write]).Should().BeTrue("an earlier process may have left free pages");
        _written.Should().Be(1);
        _target.CleanUp([]).Should().BeFalse();
        _target.Commit([write]);
        _target.CleanUp([write]).Should().BeFalse("nothing was erased");
        _written.Should().Be(2);
    }

    [Fact]
    public async Task An_erasure_ends_with_the_step_that_cleans_the_files()
    {
        var text = new string('n', 100);
        Commit(Append("thr_1", Encoding.UTF8.GetBytes(text)), Append("thr_2", 1));
        Commit(new PendingDelete(new ThreadId("thr_1"), 1, LogWriter.At, CancellationToken.None));
        var steps = new List<bool>();
        while (!steps.Contains(true))
        {
            var step = new PendingErase(LogWriter.At, CancellationToken.None);
            Commit(step);
            steps.Add(await step.Completion);
        }

        steps.Should().Equal(false, true);
        new FileInfo(_data.File("chat.db-wal")).Length.Should().Be(0);
        File.ReadAllText(_data.File("chat.db"), Encoding.Latin1).Should().NotContain(text);
        Number("SELECT count(*) FROM threads").Should().Be(1);
    }

    [Fact]
    public async Task What_is_trimmed_is_erased_from_the_files_too()
    {
        var text = new string('n', 100);
        Commit(Append("thr_1", Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes("kept")));
        var trim = new PendingTrim(new ThreadId("thr_1"), 2, CancellationToken.None);
        Commit(trim);
        (await trim.Completion).Should().BeTrue();
        var erase = new PendingErase(LogWriter.At, CancellationToken.None);
        Commit(erase);

        (await erase.Completion).Should().BeTrue();
        new FileInfo(_data.File("chat.db-wal")).Length.Should().Be(0);
        File.ReadAllText(_data.File("chat.db"), Encoding.Latin1).Should().NotContain(text).And.Contain("kept");
    }

    [Theory]
    [InlineData(13, false)]
    [InlineData(18, false)]
    [InlineData(5, true)]
    [InlineData(10, true)]
    public void A_failure_concerns_every_write_unless_it_is_for_want_of_room(int code, bool concernsAll)
    {
        _target.ConcernsEveryWrite(SqliteErrors.ToUnavailable(new SqliteException("", code))).Should().Be(concernsAll);
        _target.ConcernsEveryWrite(new SqliteException("", code)).Should().BeFalse("that is this code's mistake");
    }

    [Fact]
    public void A_log_that_is_gone_concerns_every_write() => _target.ConcernsEveryWrite(new LogUnavailableException("gone")).Should().BeTrue();

    [Theory]
    [InlineData(0, long.MaxValue)]
    [InlineData(3, 768)]
    public void The_file_may_grow_as_large_as_it_is_told(int mebibytes, long pages)
    {
        _target = Target(mebibytes);
        var text = LogWriter.Incompressible(100_000);
        var (written, head) = (0, 0);
        void Fill()
        {
            for (; head < 60; head++)
            {
                _target.Commit([Append("thr_1", head, text)]);
                written++;
            }
        }

        if (mebibytes == 0)
        {
            Fill();
        }
        else
        {
            FluentActions.Invoking(Fill).Should().Throw<LogUnavailableException>().WithMessage("*MaxDatabaseMiB*");
        }

        written.Should().BeGreaterThan(20);
        Number("PRAGMA page_count").Should().BeInRange(written * 24L, pages);
    }

    [Fact]
    public void Nothing_is_committed_while_another_process_has_the_lock()
    {
        File.Delete(_data.File("lock"));
        using (new FileStream(_data.File("lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            _target.Invoking(target => target.Commit([Append("thr_1", 1)])).Should().Throw<LogUnavailableException>();
            _target.Invoking(target => target.CleanUp([])).Should().Throw<LogUnavailableException>("it is looked after also when nothing is written");
        }

        Number("SELECT count(*) FROM threads").Should().Be(0);
        Commit(Append("thr_1", 1));
    }

    [Fact]
    public void A_connection_that_cannot_be_made_ready_is_not_kept()
    {
        using (var other = SqliteLogHost.Connect(_directory.FullName))
        {
            other.Execute("ALTER TABLE commands RENAME TO others");
            _target.Invoking(target => target.Commit([Append("thr_1", 1)])).Should().Throw<LogUnavailableException>().WithMessage("*SQLite error 1.");
            other.Execute("ALTER TABLE others RENAME TO commands");
        }

        File.Delete(_data.File("chat.db-wal"));
        _database.Recover().Should().BeFalse("no connection is left to wait for");
        Commit(Append("thr_1", 1));
        Number("SELECT count(*) FROM events").Should().Be(1);
    }

    [Fact]
    public void A_close_leaves_one_file_and_is_not_a_failure_when_the_log_is_gone()
    {
        Commit(Append("thr_1", 1));
        _target.Dispose();
        new FileInfo(_data.File("chat.db-wal")).Length.Should().Be(0, "all is in the log");

        _target = Target();
        Commit(Append("thr_2", 1));
        File.Delete(_data.File("chat.db"));
        _target.Invoking(target => target.Dispose()).Should().NotThrow();
    }

    private SqliteCommitTarget Target(int mebibytes = 0) => new(_database, _data, new StorageOptions { MaxDatabaseMiB = mebibytes }, () => _written++);

    private void Commit(params PendingWrite[] batch)
    {
        _target.Commit(batch);
        _target.CleanUp(batch);
        batch.ToList().ForEach(write => write.Complete());
    }

    /// <summary>A new thread with events of these numbers, which the log would refuse when they do not follow on one another.</summary>
    private static PendingAppend Append(string thread, params int[] seqs) =>
        AppendOf(thread, 0, [.. seqs.Select(seq => new LogEvent(seq, "{}"u8.ToArray()))]);

    private static PendingAppend Append(string thread, params byte[][] events) => AppendOf(thread, 0, [.. events.Select((json, i) => new LogEvent(1 + i, json))]);

    private static PendingAppend Append(string thread, int head, byte[] json) => AppendOf(thread, head, [new LogEvent(head + 1, json)]);

    private static PendingAppend AppendOf(string thread, int head, LogEvent[] events) => new(
        new LogAppend { Thread = new ThreadId(thread), Epoch = 1, Head = head, NewOwner = head == 0 ? new UserId("usr_1") : null, OpenFrom = null, At = LogWriter.At, Events = events },
        CancellationToken.None);

    private long Number(string sql)
    {
        using var other = SqliteLogHost.Connect(_directory.FullName);
        return other.Scalar(sql);
    }

    private sealed class Unknown() : PendingWrite(0, CancellationToken.None)
    {
        public override void Complete()
        {
        }

        public override void Fail(Exception reason)
        {
        }

        public override void Cancel()
        {
        }
    }
}
