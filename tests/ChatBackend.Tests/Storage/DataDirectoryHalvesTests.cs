using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Storage;

/// <summary>Whether a start may begin with an empty log, or with new keys.</summary>
[Trait("failure", "Q23")]
public sealed class DataDirectoryHalvesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-halves-");
    private readonly DataDirectory _data;

    public DataDirectoryHalvesTests() => _data = new DataDirectory(_directory.FullName);

    [Fact]
    public void A_directory_without_anything_of_a_log_may_begin_one()
    {
        LookForLog().Should().NotThrow();
        Put("chat.db-wal", "");
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "keys"));
        LookForLog().Should().NotThrow("neither holds anything");
    }

    [Theory]
    [InlineData(null, "chat.db-wal", "write-ahead log")]
    [InlineData("", "chat.db-wal", "write-ahead log")]
    [InlineData(null, "keys/key-1.xml", "keys")]
    [InlineData("", "keys/key-1.xml.unreadable", "keys")]
    public void A_log_that_is_missing_or_empty_beside_what_is_left_of_one_ends_the_start(string? log, string left, string named)
    {
        if (log is not null)
        {
            Put("chat.db", log);
        }

        Put(left, "x");

        LookForLog().Should().Throw<InvalidOperationException>().WithMessage($"*{named}*AllowNewLog*");
        File.Exists(_data.File(left)).Should().BeTrue();
        Put("chat.db", "x");
        LookForLog().Should().NotThrow();
    }

    [Fact]
    public void Who_allows_a_new_log_finds_the_old_ones_WAL_aside()
    {
        Put("chat.db-wal", "old");

        LookForLog(allowed: true).Should().NotThrow();

        File.Exists(_data.File("chat.db-wal")).Should().BeFalse();
        File.ReadAllText(_data.File("chat.db-wal.aside")).Should().Be("old");
        Put("keys/key-1.xml", "x");
        LookForLog(allowed: true).Should().NotThrow();
    }

    [Fact]
    public void A_log_with_threads_and_no_keys_ends_the_start()
    {
        LookForKeys(threads: 0).Should().NotThrow("it is new");
        LookForKeys(threads: 1).Should().Throw<InvalidOperationException>().WithMessage("*1 threads*AllowNewKeys*");
        LookForKeys(threads: 1, allowed: true).Should().NotThrow();
        Halves(allowed: false).KeyCount.Should().Be(0);

        Put("keys/other.txt", "x");
        LookForKeys(threads: 1).Should().Throw<InvalidOperationException>();
        Put("keys/key-1.xml", "x");
        LookForKeys(threads: 1).Should().NotThrow();
        Halves(allowed: false).KeyCount.Should().Be(1);
    }

    [Fact]
    public async Task A_start_looks_for_the_keys_of_the_threads_that_the_log_holds()
    {
        var log = Path.Combine(_directory.FullName, "elsewhere");
        await using (var host = await SqliteLogHost.StartAsync(log))
        {
            await LogWriter.StartAsync(host.Log);
        }

        await using var again = await SqliteLogHost.StartAsync(log);
        var check = new KeysCheck(again.Log, Halves(allowed: false));

        await check.Invoking(start => start.StartAsync(CancellationToken.None)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*AllowNewKeys*");
    }

    public void Dispose()
    {
        _data.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Put(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_data.File(name))!);
        File.WriteAllText(_data.File(name), content);
    }

    private Action LookForLog(bool allowed = false) => () => Halves(allowed).ThrowIfLogIsLost();

    private Action LookForKeys(long threads, bool allowed = false) => () => Halves(allowed).ThrowIfKeysAreLost(threads);

    private DataDirectoryHalves Halves(bool allowed) => new(_data, Options.Create(new StorageOptions { AllowNewLog = allowed, AllowNewKeys = allowed }));
}
