using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>What stands in the file of a user, and what is made of it.</summary>
public sealed class FileSendStoreTests : IDisposable
{
    private static readonly UserId User = new("usr_1");
    private static readonly StoredSend One = new(new("c_1"), """{"type":"stop","id":"c_1","thread_id":"thr 1"}""");
    private static readonly StoredSend Two = new(new("c_2"), """{"type":"stop","id":"c_2","thread_id":"thr_1"}""");
    private const string Refusal = """{"type":"error","id":"c_1","code":"not_found","message":"No such thread."}""";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-client-");

    private string Folder => Path.Combine(_directory.FullName, "sends");

    private string File => Directory.GetFiles(Folder).Single();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_is_kept_comes_back_in_order_with_its_refusal_and_what_is_forgotten_does_not()
    {
        var refused = One with { Refusal = Refusal };
        await InAsync(store => store.SaveAsync(User, One));
        await InAsync(store => store.SaveAsync(User, Two));
        (await LoadAsync()).Should().Equal(One, Two);

        await InAsync(store => store.SaveAsync(User, refused));
        (await LoadAsync()).Should().Equal(Two, refused);
        await InAsync(store => store.RemoveAsync(User, Two.Id));
        await InAsync(store => store.RemoveAsync(User, new("c_9")));
        (await LoadAsync()).Should().Equal(refused);
        await InAsync(store => store.SaveAsync(User, One));
        (await LoadAsync()).Should().Equal([One], "it waits again");
    }

    [Fact]
    public async Task The_file_grows_by_a_line_for_each_step_and_is_empty_when_nothing_waits()
    {
        await InAsync(store => store.SaveAsync(User, One));
        await InAsync(store => store.SaveAsync(User, Two));
        await InAsync(store => store.SaveAsync(User, Two with { Refusal = Refusal }));
        await InAsync(store => store.RemoveAsync(User, One.Id));
        await InAsync(store => store.RemoveAsync(User, One.Id));
        (await LinesAsync()).Should().Equal($"+c_1 {One.Json}", $"+c_2 {Two.Json}", $"+c_2 {Two.Json}", $"!c_2 {Refusal}", "-c_1");

        await InAsync(store => store.RemoveAsync(User, Two.Id));
        (await LinesAsync()).Should().BeEmpty();
        await InAsync(store => store.SaveAsync(User, One));
        (await LinesAsync()).Should().Equal($"+c_1 {One.Json}");
    }

    [Fact]
    public async Task A_file_that_is_open_is_not_read_again()
    {
        using var store = new FileSendStore(Folder);
        await store.LoadAsync(User, default);
        await store.SaveAsync(User, One);
        await store.RemoveAsync(User, One.Id);
        await store.SaveAsync(User, Two);

        (await store.LoadAsync(User, default)).Should().Equal(Two);
    }

    [Theory]
    [InlineData("Dear diary,")]
    [InlineData("+c_1")]
    [InlineData("!c_1 {}")]
    [InlineData("!c_1")]
    [InlineData("?c_1 {}")]
    public async Task A_line_of_something_else_is_refused_and_the_file_is_let_go(string line)
    {
        await InAsync(_ => default);
        await System.IO.File.WriteAllTextAsync(File, $"{line}\n");

        await FluentActions.Awaiting(LoadAsync).Should().ThrowAsync<InvalidDataException>().WithMessage($"{File} does not hold commands that wait.");

        System.IO.File.Delete(File);
        (await LoadAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_removal_of_what_is_not_there_changes_nothing()
    {
        await InAsync(_ => default);
        await System.IO.File.WriteAllTextAsync(File, $"-c_9\n+c_1 {One.Json}\n");

        (await LoadAsync()).Should().Equal(One);
    }

    [Fact]
    public async Task A_user_has_a_file_that_nobody_else_opens_and_others_have_theirs()
    {
        using var store = new FileSendStore(Folder);
        await store.LoadAsync(User, default);
        using var other = new FileSendStore(Folder);
        FluentActions.Invoking(() => other.LoadAsync(User, default)).Should().Throw<IOException>();
        await other.LoadAsync(new UserId("usr_2"), default);

        Directory.GetFiles(Folder).Should().HaveCount(2).And.OnlyContain(file => Path.GetExtension(file) == ".sends" && !file.Contains("usr", StringComparison.Ordinal));
        other.Dispose();
        using var third = new FileSendStore(Folder);
        await third.LoadAsync(new UserId("usr_2"), default);
    }

    [Fact]
    public void What_was_not_opened_cannot_be_written()
    {
        using var store = new FileSendStore(Folder);

        store.Invoking(closed => closed.SaveAsync(User, One)).Should().Throw<InvalidOperationException>().WithMessage("LoadAsync opens a user's file.");
        store.Invoking(closed => closed.RemoveAsync(User, One.Id)).Should().Throw<InvalidOperationException>();
        store.Invoking(closed => closed.SaveAsync(User, null!)).Should().Throw<ArgumentNullException>().WithParameterName("send");
    }

    [Fact]
    public async Task What_people_wrote_is_for_its_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such rights.");
        await InAsync(store => store.SaveAsync(User, One));

        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.GetUnixFileMode(Folder).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            System.IO.File.GetUnixFileMode(File).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>One step of a process of its own.</summary>
    private async Task InAsync(Func<FileSendStore, ValueTask> step)
    {
        using var store = new FileSendStore(Folder);
        await store.LoadAsync(User, default);
        await step(store);
    }

    private Task<string[]> LinesAsync() => System.IO.File.ReadAllLinesAsync(File);

    private async Task<IReadOnlyList<StoredSend>> LoadAsync()
    {
        using var store = new FileSendStore(Folder);
        return await store.LoadAsync(User, default);
    }
}
