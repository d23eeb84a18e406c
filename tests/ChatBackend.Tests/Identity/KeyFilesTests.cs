using System.Runtime.Versioning;
using System.Xml.Linq;
using ChatBackend.Identity;
using ChatBackend.Storage;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Identity;

/// <summary>The keys of the tokens on the disk.</summary>
[Trait("failure", "Q21")]
[SupportedOSPlatform("linux")]
public sealed class KeyFilesTests : IDisposable
{
    private static readonly XElement Key = new("key", new XAttribute("id", "4711"), new XElement("secret", new string('x', 500)));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-keys-");
    private readonly LogLines _lines = new("ChatBackend");

    [Fact]
    public void A_key_is_whole_after_a_power_cut()
    {
        Assert.SkipWhen(TestDisk.Missing is not null, $"needs {TestDisk.Missing}");
        using var disk = TestDisk.Ext4(mebibytes: 32);
        var path = Path.Combine(disk.Path, "data");
        using (var data = Open(path))
        {
            KeysOf(data).StoreElement(Key, "key-4711");
            disk.Cut();
        }

        disk.Restore();

        using var after = Open(path);
        KeysOf(after).GetAllElements().Should().ContainSingle().Which.Should().BeEquivalentTo(Key);
        _lines.All.Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("<key id=\"4712\"><secr")]
    public void A_key_file_that_cannot_be_read_is_set_aside_by_name_and_the_others_serve(string content)
    {
        using var data = Open(_directory.FullName);
        KeysOf(data).StoreElement(Key, "key-4711");
        var bad = Path.Combine(_directory.FullName, "keys", "key-4712.xml");
        File.WriteAllText(bad, content);

        KeysOf(data).GetAllElements().Should().ContainSingle();
        KeysOf(data).GetAllElements().Should().ContainSingle();

        File.Exists(bad + ".unreadable").Should().BeTrue();
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning").And.Contain(bad);
    }

    [Fact]
    public void Only_their_owner_may_read_them()
    {
        using var data = Open(Path.Combine(_directory.FullName, "new"));
        KeysOf(data).StoreElement(Key, "key-4711");

        File.GetUnixFileMode(data.File("keys")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(data.File("keys/key-4711.xml")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.EnumerateFiles(data.File("keys")).Should().ContainSingle("nothing unfinished is left");
    }

    [Fact]
    public void A_key_file_that_is_unreadable_once_more_takes_the_place_of_the_one_set_aside()
    {
        using var data = Open(_directory.FullName);
        var bad = Path.Combine(data.CreateFolder("keys"), "key-4712.xml");
        foreach (var content in new[] { "<first", "<second" })
        {
            File.WriteAllText(bad, content);
            KeysOf(data).GetAllElements().Should().BeEmpty();
        }

        (File.Exists(bad), File.ReadAllText(bad + ".unreadable")).Should().Be((false, "<second"));
        _lines.All.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("key-4711_B", true)]
    [InlineData("", false)]
    [InlineData("../outside", false)]
    [InlineData("a.b", false)]
    [InlineData("schlüssel", false)]
    public void A_key_is_stored_under_its_name_where_that_is_a_plain_one_and_else_under_a_new_one(string name, bool isKept)
    {
        using var data = Open(_directory.FullName);

        KeysOf(data).StoreElement(Key, name);

        var stored = Directory.EnumerateFiles(_directory.FullName, "*.xml", SearchOption.AllDirectories).Should().ContainSingle().Subject;
        Path.GetDirectoryName(stored).Should().Be(data.File("keys"));
        (Path.GetFileNameWithoutExtension(stored) == name).Should().Be(isKept);
        Guid.TryParse(Path.GetFileNameWithoutExtension(stored), out _).Should().Be(!isKept);
        KeysOf(data).GetAllElements().Should().ContainSingle().Which.Should().BeEquivalentTo(Key);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private KeyFiles KeysOf(DataDirectory data)
    {
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(_lines));
        return new KeyFiles(data, loggers.CreateLogger<KeyFiles>());
    }

    private static DataDirectory Open(string path) => new(path);
}
