using System.Runtime.Versioning;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>Who may look into the data directory, and who may work in it.</summary>
[SupportedOSPlatform("linux")]
public sealed class DataDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Usual = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-data-");

    [Fact]
    [Trait("failure", "Q10")]
    public async Task A_directory_that_others_may_read_is_made_private_with_all_in_it_and_that_is_said()
    {
        var lines = new LogLines("ChatBackend");
        await (await SqliteLogHost.StartAsync(_directory.FullName)).DisposeAsync();
        var log = Path.Combine(_directory.FullName, "chat.db");
        File.SetUnixFileMode(log, Usual);
        File.SetUnixFileMode(_directory.FullName, Usual);

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName, lines);
        await LogWriter.StartAsync(host.Log);

        File.GetUnixFileMode(_directory.FullName).Should().Be(OwnerOnly);
        _directory.EnumerateFileSystemInfos().Should().OnlyContain(entry => (entry.UnixFileMode & ~OwnerOnly) == 0);
        lines.All.Should().ContainSingle(line => line.Contains(_directory.FullName, StringComparison.Ordinal) && line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("failure", "Q10")]
    public async Task What_a_link_in_the_directory_points_to_is_left_as_it_is()
    {
        var outside = Path.Combine(Directory.CreateTempSubdirectory("chat-outside-").FullName, "shared");
        await File.WriteAllTextAsync(outside, "", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(outside, Usual);
        File.CreateSymbolicLink(Path.Combine(_directory.FullName, "link"), outside);

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);

        File.GetUnixFileMode(outside).Should().Be(Usual);
        Directory.Delete(Path.GetDirectoryName(outside)!, recursive: true);
    }

    [Fact]
    [Trait("failure", "Q10")]
    public async Task A_new_log_is_its_owners_alone()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        await LogWriter.StartAsync(host.Log);

        _directory.EnumerateFiles().Should().HaveCountGreaterThan(2)
            .And.OnlyContain(file => file.UnixFileMode == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task A_lock_that_is_removed_lets_no_second_process_in_and_is_put_back()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        var path = Path.Combine(_directory.FullName, "lock");

        File.Delete(path);

        await FluentActions.Awaiting(() => SqliteLogHost.StartAsync(_directory.FullName))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*in use by another process*");
        (await writer.AppendAsync("goes on")).Should().Be(AppendResult.Appended.Instance);
        File.Exists(path).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "Q22")]
    public async Task Nothing_is_acknowledged_while_another_process_has_the_lock()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = await LogWriter.StartAsync(host.Log);
        var path = Path.Combine(_directory.FullName, "lock");
        File.Delete(path);

        // As a version does that knows of no other lock.
        using (new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            await FluentActions.Awaiting(() => writer.AppendAsync("refused")).Should().ThrowAsync<LogUnavailableException>().WithMessage($"*{path}*");
        }

        var again = await writer.TakeOverAsync();
        (await again.AppendAsync("back")).Should().Be(AppendResult.Appended.Instance);
    }

    [Fact]
    [Trait("failure", "Q22")]
    public void A_lock_that_cannot_be_had_for_another_reason_is_told_as_that()
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "lock"));

        FluentActions.Invoking(() => Open(_directory.FullName)).Should().Throw<InvalidOperationException>()
            .Where(ex => !ex.Message.Contains("in use", StringComparison.Ordinal) && ex.Message.Contains(_directory.FullName, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static DataDirectory Open(string path) => new(path);
}
