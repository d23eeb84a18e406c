using System.Globalization;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What operators have the program do to a log: check, backup, restore, compact.</summary>
[Trait("failure", "Q24")]
public sealed class OperatorCommandTests : IDisposable
{
    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-log-");

    private string Data => Path.Combine(_base.FullName, "data");

    private string Elsewhere => Path.Combine(_base.FullName, "elsewhere");

    private string Copy => Path.Combine(_base.FullName, "backup");

    [Fact]
    public async Task A_backup_under_load_is_a_prefix_of_the_log_and_is_restored_elsewhere_as_a_new_history()
    {
        await using var host = await SqliteLogHost.StartAsync(Data);
        using var enough = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(_ => LogWriter.OfNewThread(host.Log)).ToArray();
        var started = writers.Select(writer => writer.AppendAsync(Event(writer))).ToArray();
        await Task.WhenAll(started);
        var talking = writers.Select(writer => Task.Run(() => TalkAsync(writer, enough.Token), CancellationToken.None)).ToArray();
        var acked = writers.Select(writer => writer.Head).ToArray();

        Run("backup", Copy).Should().Be((0, 1));
        await enough.CancelAsync();
        await Task.WhenAll(talking);

        Run("check", Copy).Should().Be((0, 1));
        Run("check").Should().Be((0, 1), "the server may run meanwhile");
        Run("restore", Elsewhere, [Copy]).Should().Be((0, 1));
        Run("check", Elsewhere, []).Should().Be((0, 1));
        await using var restored = await SqliteLogHost.StartAsync(Elsewhere);
        restored.Log.LogId.Should().NotBe(host.Log.LogId);
        for (var i = 0; i < writers.Length; i++)
        {
            var (theirs, ours) = (await writers[i].On(restored.Log).ReadTextsAsync(), await writers[i].ReadTextsAsync());
            theirs.Should().HaveCountGreaterThanOrEqualTo((int)Math.Min(acked[i], 1)).And.Equal(ours.Take(theirs.Length));
        }
    }

    [Fact]
    public async Task A_restore_leaves_alone_what_is_there_unless_it_is_told_to()
    {
        await WriteAsync(Data);
        Run("backup", Copy).Code.Should().Be(0);
        await WriteAsync(Elsewhere);
        var before = await File.ReadAllBytesAsync(Path.Combine(Elsewhere, "chat.db"));

        Run("restore", Elsewhere, [Copy]).Code.Should().Be(1);
        (await File.ReadAllBytesAsync(Path.Combine(Elsewhere, "chat.db"))).Should().Equal(before);
        Run("restore", Elsewhere, [Copy, "--force"]).Code.Should().Be(0);

        Directory.EnumerateDirectories(Elsewhere, "before-restore-*").Should().ContainSingle();
        Run("check", Elsewhere, []).Should().Be((0, 1));
    }

    [Fact]
    public async Task A_restore_refuses_a_damaged_backup_and_the_directory_of_a_running_server()
    {
        await WriteAsync(Data);
        Run("backup", Copy).Code.Should().Be(0);
        await using (await SqliteLogHost.StartAsync(Elsewhere))
        {
            Run("restore", Elsewhere, [Copy, "--force"]).Code.Should().Be(1);
        }

        Flip(Path.Combine(Copy, "chat.db"), "\"first\""u8);
        Directory.Delete(Elsewhere, recursive: true);

        Run("restore", Elsewhere, [Copy]).Code.Should().Be(1);
        File.Exists(Path.Combine(Elsewhere, "chat.db")).Should().BeFalse();
        Run("check", Copy).Code.Should().Be(1);
    }

    [Fact]
    public async Task A_check_finds_a_flipped_byte_of_a_long_event_which_is_compressed()
    {
        await WriteAsync(Data);
        ThreadId thread;
        await using (var host = await SqliteLogHost.StartAsync(Data))
        {
            var writer = LogWriter.OfNewThread(host.Log);
            thread = writer.Thread;
            await writer.WriteTextAsync(string.Join(' ', Enumerable.Range(0, 1000)));
        }

        Run("check").Should().Be((0, 1));
        byte[] stored;
        using (var connection = SqliteLogHost.Connect(Data))
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT json FROM events WHERE thread_key = (SELECT key FROM threads WHERE id = '{thread}')";
            stored = (byte[])command.ExecuteScalar()!;
        }

        stored.Length.Should().BeLessThan(3000);
        Flip(Path.Combine(Data, "chat.db"), stored);

        Findings().Should().NotBeEmpty().And.OnlyContain(line => line.Contains(thread.Value) && line.Contains("event 1"));
    }

    [Fact]
    public async Task A_check_finds_a_flipped_byte_and_a_gap()
    {
        var thread = await WriteAsync(Data);
        Flip(Path.Combine(Data, "chat.db"), "\"first\""u8);

        Findings().Should().ContainSingle().Which.Should().Contain(thread.Value).And.Contain("event 1");
        using (var connection = SqliteLogHost.Connect(Data))
        {
            using var command = connection.CreateCommand();
            command.CommandText = "DELETE FROM events WHERE seq = 1";
            command.ExecuteNonQuery();
        }

        Findings().Should().ContainSingle().Which.Should().Contain("events 1 to 1 are missing");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_check_finds_a_WAL_that_was_truncated_or_has_a_damaged_page_in_its_middle(bool isTruncated)
    {
        await using var host = await SqliteLogHost.StartAsync(Data);
        var writer = LogWriter.OfNewThread(host.Log);
        for (var i = 0; i < 20; i++)
        {
            await writer.AppendAsync(Event(writer));
        }

        CopyFiles(Data, Elsewhere);
        Run("check", Elsewhere, []).Should().Be((0, 1), "what a kill leaves is whole");
        var wal = Path.Combine(Elsewhere, "chat.db-wal");
        using (var damage = new FileStream(wal, FileMode.Open, FileAccess.ReadWrite))
        {
            damage.Seek(damage.Length / 2, SeekOrigin.Begin);
            var was = damage.ReadByte();
            damage.Seek(damage.Length / 2, SeekOrigin.Begin);
            damage.WriteByte((byte)(was ^ 1));
            if (isTruncated)
            {
                damage.SetLength(damage.Length / 2);
            }
        }

        CopyFiles(Elsewhere, Copy);
        Run("check", Copy, []).Code.Should().Be(1);
        var lines = new LogLines("ChatBackend");
        await using var started = await SqliteLogHost.StartAsync(Elsewhere, lines);
        lines.All.Should().Contain(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("could not be read whole", StringComparison.Ordinal));
        File.Exists(wal + ".damaged").Should().BeTrue();
    }

    [Fact]
    public async Task A_compaction_gives_back_free_space_and_drops_the_search_index()
    {
        await WriteAsync(Data, bytes: 4 << 20);
        using (var connection = SqliteLogHost.Connect(Data))
        {
            using var command = connection.CreateCommand();
            command.CommandText = "DELETE FROM events WHERE seq > 1; UPDATE threads SET head = 1; PRAGMA wal_checkpoint(TRUNCATE)";
            command.ExecuteNonQuery();
        }

        await File.WriteAllTextAsync(Path.Combine(Data, "search.db"), "derived");
        var log = new FileInfo(Path.Combine(Data, "chat.db"));
        var before = log.Length;

        Run("compact").Should().Be((0, 1));

        log.Refresh();
        log.Length.Should().BeLessThan(before / 2);
        File.Exists(Path.Combine(Data, "search.db")).Should().BeFalse();
        Run("check").Should().Be((0, 1));
    }

    [Theory]
    [InlineData("restore", "--force")]
    [InlineData("compact", null)]
    public async Task A_command_that_needs_a_stopped_server_says_that_one_is_running(string name, string? flag)
    {
        await using var host = await SqliteLogHost.StartAsync(Data);
        Run("backup", Copy).Code.Should().Be(0);
        using var output = new StringWriter();
        string[] arguments = name == "restore" ? [name, $"--DataDirectory={Data}", Copy, flag!] : [name, $"--DataDirectory={Data}"];

        OperatorCommand.Run(arguments, output).Should().Be(1);

        output.ToString().Should().Contain("Stop it first").And.NotContain("--DataDirectory");
    }

    [Fact]
    public void What_is_not_a_command_is_left_to_the_server()
    {
        OperatorCommand.IsOne(["--urls", "http://localhost:1"]).Should().BeFalse();
        OperatorCommand.IsOne([]).Should().BeFalse();
        Run("backup", Data, []).Code.Should().Be(2);
    }

    public void Dispose() => _base.Delete(recursive: true);

    private static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in new[] { "chat.db", "chat.db-wal", "chat.db-shm" })
        {
            File.Copy(Path.Combine(from, file), Path.Combine(to, file));
        }
    }

    private (int Code, int Lines) Run(string name, params string[] arguments) => Run(name, Data, arguments);

    private static (int Code, int Lines) Run(string name, string data, string[] arguments)
    {
        var (code, lines) = Output(name, data, arguments);
        return (code, lines.Length);
    }

    private static (int Code, string[] Lines) Output(string name, string data, string[] arguments)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        var code = OperatorCommand.Run([name, $"--DataDirectory={data}", .. arguments], output);
        TestContext.Current.TestOutputHelper!.WriteLine(output.ToString());
        return (code, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private string[] Findings()
    {
        var (code, lines) = Output("check", Data, []);
        code.Should().Be(1);
        return lines[..^1];
    }

    private static LogAppend Event(LogWriter writer)
    {
        var message = new UserMessage
        {
            ThreadId = writer.Thread, Seq = writer.Head + 1, At = LogWriter.At, MessageId = MessageId.New(), Content = "first", ClientId = new ClientFrameId("c"),
        };
        return writer.Next() with { Events = [new LogEvent(message.Seq, WireJson.Encode(message), null)] };
    }

    private static async Task TalkAsync(LogWriter writer, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            (await writer.AppendAsync(Event(writer))).Should().Be(AppendResult.Appended.Instance);
        }
    }

    /// <summary>A log of one thread, its server stopped.</summary>
    private static async Task<ThreadId> WriteAsync(string directory, int bytes = 0)
    {
        await using var host = await SqliteLogHost.StartAsync(directory);
        var writer = LogWriter.OfNewThread(host.Log);
        await writer.AppendAsync(Event(writer));
        for (; bytes > 0; bytes -= 100_000)
        {
            await writer.AppendAsync(writer.Next() with { Events = [new LogEvent(writer.Head + 1, LogWriter.Incompressible(100_000), null)] });
        }

        return writer.Thread;
    }

    /// <summary>One bit is another one in the middle of what stands in the file once.</summary>
    private static void Flip(string path, ReadOnlySpan<byte> what)
    {
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf(what);
        at.Should().BePositive();
        bytes[at + (what.Length / 2)] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
