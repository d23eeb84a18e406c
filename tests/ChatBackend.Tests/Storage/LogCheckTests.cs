using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What <c>check</c> finds in a log, each finding with the thread and the events that it is about.</summary>
[Trait("failure", "Q24")]
public sealed class LogCheckTests : IDisposable
{
    private static readonly RunId Run = new("run_1");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Gaps_are_named_from_their_first_event_to_their_last()
    {
        var thread = await WriteAsync(writer => writer.WriteTextAsync("1", "2", "3", "4", "5", "6", "7", "8", "9"));

        Execute("DELETE FROM events WHERE seq IN (1, 2, 5, 8, 9)");

        Findings().Should().Equal(
            $"{thread}: events 1 to 2 are missing", $"{thread}: events 5 to 5 are missing", $"{thread}: events 8 to 9 are missing");
    }

    [Fact]
    public async Task What_a_trim_has_cut_off_is_not_a_gap_and_what_is_missing_behind_it_is_one()
    {
        var thread = await WriteAsync(writer => writer.WriteTextAsync("1", "2", "3", "4"));
        await using (var host = await SqliteLogHost.StartAsync(_directory.FullName))
        {
            (await host.Log.TrimAsync(thread, 3, TestContext.Current.CancellationToken)).Should().BeTrue();
        }

        Summary().Should().Contain("1 threads, 2 events, 0 findings");
        Execute("DELETE FROM events WHERE seq = 3");

        Findings().Should().Equal($"{thread}: events 3 to 3 are missing");
    }

    [Fact]
    public async Task An_event_behind_the_head_of_its_thread_is_a_finding()
    {
        var thread = await WriteAsync(writer => writer.WriteTextAsync("1", "2", "3"));

        Execute("UPDATE threads SET head = 2");

        Findings().Should().Equal($"{thread}: its head is 2, its last event 3");
    }

    [Fact]
    public async Task An_event_in_the_place_of_another_is_a_finding()
    {
        var thread = await WriteAsync(async writer =>
        {
            await writer.WriteTextAsync("1");
            await writer.AppendAsync(writer.Next() with { Events = [writer.Event(Said, ahead: 1) with { Seq = 2 }] });
            await writer.AppendAsync(writer.Next() with { Events = [new LogEvent(3, WireJson.Encode(new Pong { ServerTime = LogWriter.At }))] });
        });

        Findings().Should().Equal($"{thread}: event 2 says that it is 3", $"{thread}: event 3 says that it is none");
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("stopped")]
    [InlineData("failed")]
    public async Task A_run_that_ends_twice_or_never_is_a_finding(string end)
    {
        var never = new RunId("run_2");
        RunEvent ended = end switch
        {
            "completed" => new AgentCompleted { RunId = Run, MessageId = new("answer"), Content = "", DurationMs = 0 },
            "stopped" => new AgentStopped { RunId = Run, MessageId = new("answer"), Content = "", Reason = StopReason.User },
            _ => new AgentFailed { RunId = Run, Code = RunFailure.Internal, Message = "It broke.", Retryable = false },
        };
        var thread = await WriteAsync(writer => writer.AppendAsync(writer.Next() with
        {
            Events = [writer.Event(Said), writer.Event(Started(Run), 1), writer.Event(ended, 2), writer.Event(Started(never), 3), writer.Event(ended, 4)],
        }));

        Findings().Should().Equal($"{thread}: run_1 ends a second time with event 5", $"{thread}: run_2 has no end");
        Execute("UPDATE threads SET open_from = 4");
        Findings().Should().Equal($"{thread}: run_1 ends a second time with event 5");
    }

    [Fact]
    public async Task Threads_that_are_deleted_are_not_looked_at()
    {
        var thread = await WriteAsync(writer => writer.WriteTextAsync("1", "2"));
        Execute($"UPDATE threads SET deleted = 1 WHERE id = '{thread}'; DELETE FROM events WHERE seq = 1");

        Summary().Should().Contain("0 threads, 0 events, 0 findings");
    }

    [Fact]
    public async Task A_row_of_no_thread_and_a_newer_schema_are_findings()
    {
        await WriteAsync(writer => writer.WriteTextAsync("1"));
        var newest = (long)Scalar("PRAGMA user_version");

        Execute($"PRAGMA foreign_keys = OFF; UPDATE events SET thread_key = 7777; UPDATE threads SET head = 0; PRAGMA user_version = {newest + 1}");

        Findings().Should().HaveCount(2);
        Findings()[0].Should().StartWith("reference: row ").And.EndWith("of events belongs to no row of threads");
        Findings()[1].Should().Be($"schema: version {newest + 1} is newer than this program knows ({newest})");
    }

    [Fact]
    public void A_directory_without_a_log_is_named()
    {
        var (code, lines) = Check();

        (code, lines).Should().BeEquivalentTo((1, new[] { $"{Path.Combine(_directory.FullName, "chat.db")} does not exist." }));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_named_once_and_the_others_are_looked_at()
    {
        var thread = await WriteAsync(async writer =>
        {
            await writer.AppendAsync(writer.Next() with { Events = [new LogEvent(1, Encoding.UTF8.GetBytes("""{"type":"user_message","broken"""))] });
            await writer.WriteTextAsync("2", "3");
        });

        Findings().Should().ContainSingle().Which.Should().StartWith($"{thread}: event 1 cannot be read: ");
        Execute("UPDATE events SET checksum = checksum + 1 WHERE seq = 3");
        Findings().Should().HaveCount(2).And.Contain($"{thread}: event 3 is not what was written (checksum)");
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void Checksums_are_looked_at_from_the_schema_on_that_has_them(int schema, bool isFound)
    {
        using (var log = new SqliteDatabase(Path.Combine(_directory.FullName, "chat.db")).OpenFirst())
        {
            SqliteSchema.Upgrade(log, schema);
            log.Execute("INSERT INTO threads (key, id, owner, epoch, head, created_at, updated_at) VALUES (1, 'thr_1', 'usr_1', 1, 1, 1, 1)");
            var json = Encoding.UTF8.GetString(WireJson.Encode(Said with { ThreadId = new ThreadId("thr_1"), Seq = 1, At = LogWriter.At }));
            log.Execute($"INSERT INTO events (thread_key, seq, json) VALUES (1, 1, CAST('{json}' AS BLOB))");
            log.Execute(isFound ? "UPDATE events SET checksum = 7" : "SELECT 1");
        }

        if (isFound)
        {
            Findings().Should().Equal("thr_1: event 1 is not what was written (checksum)");
        }
        else
        {
            Summary().Should().Contain($"schema {schema}, 1 threads, 1 events, 0 findings");
        }
    }

    [Fact]
    public async Task Of_very_many_findings_the_first_are_listed_and_all_are_counted()
    {
        var thread = await WriteAsync(writer => writer.WriteTextAsync([.. Enumerable.Range(0, 2003).Select(i => $"{i}")]));
        Execute("DELETE FROM events WHERE seq % 2 = 0");

        var (code, lines) = Check();

        (code, lines.Length).Should().Be((1, 1001));
        lines[0].Should().Be($"{thread}: events 2 to 2 are missing");
        lines[^1].Should().EndWith("1 threads, 1002 events, 1001 findings");
    }

    [Fact]
    [Trait("failure", "N1")]
    public async Task Messages_that_a_search_finds_or_leaves_out_against_the_log_are_findings_and_so_is_a_branch_of_places_in_disorder()
    {
        var thread = await WriteAsync(async writer =>
        {
            await writer.WriteTextAsync("1", "2", "3");
            await writer.AppendAsync(writer.Next() with { Events = [writer.Event(new ThreadRewound { ToSeq = 1 })] });
            var chosen = writer.Event(new BranchSelected { MessageId = MessageId.New(), ToSeq = 1, Restored = [new MessageSpan { AfterSeq = 1, BeforeSeq = 3 }] });
            await writer.AppendAsync(writer.Next() with { Events = [chosen with { Uncounted = [new MessageSpan { AfterSeq = 2, BeforeSeq = 5 }] }] });
        });
        Summary().Should().Contain("0 findings");

        Execute("DELETE FROM replaced");
        Findings().Should().Equal($"{thread}: searches find event 3, which by the log was replaced or taken back");
        Execute("INSERT INTO replaced SELECT key, 0, 5 FROM threads");
        Findings().Should().Equal($"{thread}: searches leave out event 1, which by the log counts", $"{thread}: searches leave out event 2, which by the log counts");
        Execute("DELETE FROM replaced; DELETE FROM event_ids; DELETE FROM events; UPDATE threads SET head = 0");
        thread = await WriteAsync(writer => writer.AppendAsync(writer.Next() with
        {
            Events = [writer.Event(new BranchSelected { MessageId = MessageId.New(), ToSeq = 0, Restored = [new MessageSpan { AfterSeq = 0, BeforeSeq = 2 }] })],
        }));
        Findings().Should().Equal($"{thread}: event 1 restores messages that do not lie in order between 0 and itself");
    }

    private static UserMessage Said => new() { MessageId = MessageId.New(), Content = "said", ClientId = ClientFrameId.New() };

    private static AgentStarted Started(RunId run) => new() { RunId = run, Agent = "script", MessageId = new MessageId("msg_1") };

    /// <summary>A log of one thread, its server stopped.</summary>
    private async Task<ThreadId> WriteAsync(Func<LogWriter, Task> write)
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = LogWriter.OfNewThread(host.Log);
        await write(writer);
        return writer.Thread;
    }

    private string[] Findings()
    {
        var (code, lines) = Check();
        code.Should().Be(1);
        lines[^1].Should().EndWith(lines.Length == 2 ? " 1 finding" : $" {lines.Length - 1} findings");
        return lines[..^1];
    }

    private string Summary()
    {
        var (code, lines) = Check();
        code.Should().Be(0);
        return lines.Should().ContainSingle().Subject;
    }

    private (int Code, string[] Lines) Check()
    {
        using var output = new StringWriter();
        var code = OperatorCommand.Run(["check", $"--DataDirectory={_directory.FullName}"], output);
        return (code, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private void Execute(string sql) => Scalar(sql);

    private object Scalar(string sql)
    {
        using var connection = SqliteLogHost.Connect(_directory.FullName);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() ?? 0L;
    }
}
