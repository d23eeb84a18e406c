using System.Diagnostics;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>A folder with a log in use, to whose files other programs do what they should not.</summary>
public abstract class LogFileTests : IDisposable
{
    protected static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    protected string Folder => _directory.FullName;

    protected string Database => Path.Combine(Folder, "chat.db");

    private protected LogLines Lines { get; } = new("ChatBackend.Storage");

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>What another process finds when this one is killed now.</summary>
    private protected async Task<string[]> TextsAfterKillAsync(LogWriter writer)
    {
        using var found = new TestFolder();
        foreach (var name in new[] { "chat.db", "chat.db-wal" }.Where(name => File.Exists(Path.Combine(Folder, name))))
        {
            Run("cp", Path.Combine(Folder, name), Path.Combine(found.Path, name));
        }

        await using var host = await SqliteLogHost.StartAsync(found.Path);
        return await writer.On(host.Log).ReadTextsAsync();
    }

    protected void Checkpoint()
    {
        using var other = SqliteLogHost.Connect(Folder);
        using var command = other.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteScalar().Should().Be(0L);
    }

    /// <summary>Another program: what this process closes would give up the locks of its own SQLite.</summary>
    internal static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
    }

    protected static async Task ShouldBeUnavailableAsync(Func<Task> call) =>
        await FluentActions.Awaiting(() => call().WaitAsync(Bound)).Should().ThrowAsync<LogUnavailableException>();

    private sealed class TestFolder : IDisposable
    {
        private readonly DirectoryInfo _found = Directory.CreateTempSubdirectory("chat-log-found-");

        public string Path => _found.FullName;

        public void Dispose() => _found.Delete(recursive: true);
    }
}
