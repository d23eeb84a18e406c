using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What each command of an operator says, leaves behind and refuses, to the letter.</summary>
[SupportedOSPlatform("linux")]
public sealed class OperatorTextTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-operator-");

    private string Data => Path.Combine(_base.FullName, "data");

    private string Log => Path.Combine(Data, "chat.db");

    private string Copy => Path.Combine(_base.FullName, "backup");

    private string Target => Path.Combine(_base.FullName, "it's here");

    public void Dispose() => _base.Delete(recursive: true);

    [Theory]
    [InlineData("check", true)]
    [InlineData("backup", true)]
    [InlineData("restore", true)]
    [InlineData("compact", true)]
    [InlineData("Check", false)]
    [InlineData("--check", false)]
    public void A_command_is_known_by_its_name_in_the_first_place(string name, bool isOne)
    {
        OperatorCommand.IsOne([name]).Should().Be(isOne);
        OperatorCommand.IsOne([name, "more"]).Should().Be(isOne);
        OperatorCommand.IsOne(["--urls", name]).Should().BeFalse();
    }

    [Fact]
    public void What_cannot_be_understood_is_answered_with_what_can()
    {
        foreach (var args in new string[][] { ["backup"], ["backup", "a", "b"], ["restore"], ["compact", "x"], ["check", "a", "b"] })
        {
            var (code, text) = Run(args);

            code.Should().Be(2);
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).Should().Equal("check", "backup", "restore", "compact");
        }
    }

    [Fact]
    public async Task A_backup_says_what_is_in_it_and_has_it()
    {
        var id = await WriteAsync(threads: 3);
        Directory.CreateDirectory(Path.Combine(Data, "keys"));
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "key-1.xml"), "key");
        await File.WriteAllTextAsync(Path.Combine(Data, "localhost.pfx"), "certificate");
        Execute("UPDATE threads SET deleted = 1 WHERE key = 3");
        Directory.CreateDirectory(Copy + ".partial");
        await File.WriteAllTextAsync(Path.Combine(Copy + ".partial", "left"), "by one that was broken off");
        var before = TimeProvider.System.GetUtcNow();

        Run("backup", Copy).Should().Be((0, $"{Copy}: log {id}, 2 threads, 6 events, 3 files\n"));

        Directory.Exists(Copy + ".partial").Should().BeFalse();
        var manifest = BackupManifest.Read(Copy)!;
        (manifest.LogId, manifest.Schema, manifest.Threads, manifest.Events).Should().Be((id, SqliteSchema.Newest, 2, 6));
        manifest.MadeAt.Should().BeOnOrAfter(before).And.BeOnOrBefore(TimeProvider.System.GetUtcNow());
        manifest.Files.Keys.Should().Equal("chat.db", "keys/key-1.xml", "localhost.pfx");
        manifest.Files.Values.Should().OnlyContain(hash => hash.Length == 64);
        Directory.EnumerateFiles(Copy, "*", SearchOption.AllDirectories).Should().HaveCount(4).And.OnlyContain(file => File.GetUnixFileMode(file) == OwnerOnly);
        File.GetUnixFileMode(Copy).Should().Be(OwnerOnly | UnixFileMode.UserExecute);
        JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Copy, "manifest.json"))).RootElement.GetProperty("log_id").GetString().Should().Be(id);
        Run("check", Copy).Should().Be((0, $"{Path.Combine(Copy, "chat.db")}: log {id}, schema {SqliteSchema.Newest}, 2 threads, 4 events, 0 findings\n"));
    }

    [Fact]
    public async Task A_backup_of_nothing_or_over_something_is_refused()
    {
        Run("backup", Copy).Should().Be((1, $"backup failed: {Log} does not exist.\n"));
        await WriteAsync();
        await File.WriteAllTextAsync(Copy, "");
        Run("backup", Copy).Should().Be((1, $"backup failed: {Copy} exists already. A backup is written into a new directory.\n"));
        File.Delete(Copy);
        Directory.CreateDirectory(Copy);
        Run("backup", Copy).Should().Be((1, $"backup failed: {Copy} exists already. A backup is written into a new directory.\n"));
        Directory.EnumerateFileSystemEntries(Copy).Should().BeEmpty();
    }

    [Fact]
    public async Task A_log_that_is_not_a_database_is_told_with_what_to_do()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Log, new string('x', 5000));

        var (code, text) = Run("backup", Copy);
        (code, text).Should().Be((1, $"backup failed on {Data}: it is damaged. Keep a copy of it, run `check` to see what is damaged, and `restore` a backup. ({text.Split('(', 2)[1]}"));
        Run("check").Should().Be((1, $"log: SQLite Error 26: 'file is not a database'.\n{Log}: 1 finding\n"));
        Run("compact").Code.Should().Be(1);
    }

    [Fact]
    public async Task A_restore_brings_all_that_was_saved_and_says_under_which_id()
    {
        var id = await WriteAsync(threads: 2);
        Directory.CreateDirectory(Path.Combine(Data, "keys"));
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "key-1.xml"), "key");
        await File.WriteAllTextAsync(Path.Combine(Data, "localhost.pfx"), "certificate");
        Run("backup", Copy).Code.Should().Be(0);
        var old = Path.Combine(Target, "search.db");
        Directory.CreateDirectory(Target);
        await File.WriteAllTextAsync(old, "of another log");
        await File.WriteAllTextAsync(Path.Combine(Target, "chat.db-wal"), "of another log");
        OperatorCommand.Run(["restore", $"--DataDirectory={Target}", Copy], TextWriter.Null).Should().Be(1);
        Run(["restore", "--DataDirectory", Target, Copy]).Text.Should().Be(
            $"restore failed: {Target} is not empty (chat.db-wal, search.db). With --force what is there is moved aside first.\n");

        var (code, text) = Run(["restore", "--force", "--DataDirectory", Target, Copy]);

        code.Should().Be(0);
        var aside = Directory.EnumerateDirectories(Target, "before-restore-*").Should().ContainSingle().Subject;
        Path.GetFileName(aside).Should().MatchRegex(@"^before-restore-\d{8}-\d{6}$");
        Directory.EnumerateFiles(aside).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db-wal", "search.db");
        var restored = Id(Target);
        restored.Should().MatchRegex("^[0-9a-f]{32}$").And.NotBe(id);
        text.Should().Be($"What was there is in {aside}\n{Target}: restored from {Copy}, 2 threads, 4 events; the log is {restored} from now on\n");
        (await File.ReadAllTextAsync(Path.Combine(Target, "keys", "key-1.xml")), await File.ReadAllTextAsync(Path.Combine(Target, "localhost.pfx"))).Should().Be(("key", "certificate"));
        Directory.EnumerateFiles(Target).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "localhost.pfx", "lock");
        Directory.EnumerateFiles(Target).Should().OnlyContain(file => File.GetUnixFileMode(file) == OwnerOnly);
        Run("check", Target).Code.Should().Be(0);
        (BackupManifest.Read(Copy)!.LogId, Id(Copy)).Should().Be((id, id), "the backup is as it was");
    }

    [Fact]
    public async Task What_is_not_a_whole_backup_is_not_restored()
    {
        await WriteAsync();
        Run(["restore", $"--DataDirectory={Target}", Data]).Should().Be((1, $"restore failed: {Data} is not a backup: it has no manifest.json.\n"));
        Run("backup", Copy).Code.Should().Be(0);
        var manifest = Path.Combine(Copy, "manifest.json");
        var whole = await File.ReadAllTextAsync(manifest);
        await File.WriteAllTextAsync(manifest, "{");
        Run(["restore", $"--DataDirectory={Target}", Copy]).Text.Should().StartWith($"restore failed: {manifest} cannot be read: ");
        await File.WriteAllTextAsync(manifest, whole.Replace("\"chat.db\"", "\"a.db\": \"00\", \"chat.db\"", StringComparison.Ordinal));
        await File.AppendAllTextAsync(Path.Combine(Copy, "chat.db"), "x");

        const string Missing = "backup: a.db is missing", Other = "backup: chat.db is not what was written (SHA-256)";
        Run(["restore", $"--DataDirectory={Target}", Copy]).Should().Be((1, $"restore failed: {Copy} is damaged: {Missing}; {Other}\n"));
        Run("check", Copy).Text.Should().StartWith($"{Missing}\n{Other}\n");
        Directory.Exists(Target).Should().BeFalse("nothing was begun");
    }

    [Fact]
    public async Task A_compaction_works_beside_any_name_and_lets_the_log_give_space_back_from_then_on()
    {
        Run(["compact", $"--DataDirectory={Target}"]).Should().Be((1, $"compact failed: {Path.Combine(Target, "chat.db")} does not exist.\n"));
        Directory.Exists(Target).Should().BeFalse();
        await WriteAsync(bytes: 1 << 20);
        Directory.Move(Data, Target);
        var log = Path.Combine(Target, "chat.db");
        Execute("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL; DELETE FROM events WHERE seq > 2; UPDATE threads SET head = 2; PRAGMA wal_checkpoint(TRUNCATE)", Target);
        var before = new FileInfo(log).Length;
        foreach (var end in new[] { "", "-wal", "-shm" })
        {
            await File.WriteAllTextAsync(Path.Combine(Target, $"search.db{end}"), "derived");
        }

        Run(["compact", $"--DataDirectory={Target}"]).Should().Be((0, $"{log}: {before} bytes became {new FileInfo(log).Length}\n"));

        new FileInfo(log).Length.Should().BeLessThan(before / 2);
        Directory.EnumerateFiles(Target).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
        using var connection = SqliteLogHost.Connect(Target);
        connection.Scalar("PRAGMA auto_vacuum").Should().Be(2);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA temp_store_directory";
        (command.ExecuteScalar() as string ?? "").Should().BeEmpty("it is the whole process's");
    }

    [Fact]
    public async Task A_check_changes_no_file_and_makes_none()
    {
        await WriteAsync();
        var before = Snapshot(Data);
        Run("check").Code.Should().Be(0);
        Snapshot(Data).Should().Equal(before);

        await using (var host = await SqliteLogHost.StartAsync(Data))
        {
            await LogWriter.OfNewThread(host.Log).WriteTextAsync("in the write-ahead log");
            Directory.CreateDirectory(Target);
            foreach (var end in new[] { "", "-wal", "-shm" })
            {
                LogFileTests.Run("cp", Log + end, Path.Combine(Target, "chat.db" + end));
            }
        }

        before = [.. Snapshot(Target).Where(file => !file.Contains("-shm", StringComparison.Ordinal))];
        Run("check", Target).Text.Should().Contain("2 threads, 3 events, 0 findings");
        Snapshot(Target).Where(file => !file.Contains("-shm", StringComparison.Ordinal)).Should().Equal(before);
    }

    private static string[] Snapshot(string directory) =>
        [.. Directory.EnumerateFiles(directory).Order().Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}")];

    /// <returns>The log's id; its server is stopped.</returns>
    private async Task<string> WriteAsync(int threads = 1, int bytes = 0)
    {
        await using var host = await SqliteLogHost.StartAsync(Data);
        for (var i = 0; i < threads; i++)
        {
            var writer = LogWriter.OfNewThread(host.Log);
            await writer.WriteTextAsync("one", "two");
            if (bytes > 0)
            {
                await writer.AppendAsync(writer.Next() with { Events = [new LogEvent(3, LogWriter.Incompressible(bytes))] });
            }
        }

        foreach (var file in Directory.EnumerateFiles(Data, "search.db*"))
        {
            File.Delete(file);
        }

        return host.Log.LogId;
    }

    private static string Id(string directory)
    {
        using var connection = SqliteLogHost.Connect(directory);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM store";
        return (string)command.ExecuteScalar()!;
    }

    private void Execute(string sql, string? directory = null)
    {
        using var connection = SqliteLogHost.Connect(directory ?? Data);
        connection.Execute(sql);
    }

    private (int Code, string Text) Run(string name, params string[] paths) => Run([name, $"--DataDirectory={Data}", .. paths]);

    private static (int Code, string Text) Run(string[] args)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        return (OperatorCommand.Run(args, output), output.ToString());
    }
}
