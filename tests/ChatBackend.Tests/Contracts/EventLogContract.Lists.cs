using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    [Fact]
    [Trait("failure", "L2")]
    public async Task A_list_has_each_change_after_a_number_once_and_in_order()
    {
        var user = UserId.New();
        var (one, two) = (await LogWriter.StartAsync(Log, user), await LogWriter.StartAsync(Log, user));
        var start = await Store.ListRangeAsync(user, Cancellation);
        (await Store.ListChangesAsync(user, start.Newest, 10, Cancellation)).Changes.Should().BeEmpty();

        await one.AppendAsync(Listed(one, "a"));
        await two.AppendAsync(Listed(two, "b") with { OpenFrom = 2, Listed = new ListChange(user, false, AnswerSeq: 2) });
        await Store.ArchiveAsync(user, one.Thread, true, Cancellation);
        await Store.MarkReadAsync(user, two.Thread, null, Cancellation);
        await (await LogWriter.StartAsync(Log)).AppendAsync("another user's");
        var all = await Store.ListChangesAsync(user, start.Newest, 10, Cancellation);
        var pages = new List<ListedChange>();
        for (var page = await Store.ListChangesAsync(user, start.Newest, 1, Cancellation); page.Changes.Count > 0; page = await Store.ListChangesAsync(user, pages[^1].Number, 1, Cancellation))
        {
            page.HasMore.Should().BeTrue("it is full");
            pages.AddRange(page.Changes);
        }

        all.HasMore.Should().BeFalse();
        all.Changes.Select(change => (change.Thread, change.Record!.IsArchived, change.Record.IsOpen)).Should().Equal((one.Thread, true, false), (two.Thread, false, true));
        all.Changes.Select(change => change.Number).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.OnlyContain(number => number > start.Newest);
        pages.Select(change => change.Thread).Distinct().Should().BeEquivalentTo([one.Thread, two.Thread]);
        pages.Select(change => change.Number).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        pages[^1].Should().Be(all.Changes[^1]);
        (await Store.ListRangeAsync(user, Cancellation)).Newest.Should().Be(all.Changes[^1].Number);
    }

    [Fact]
    [Trait("failure", "L4")]
    [Trait("failure", "L10")]
    public async Task A_deleted_thread_is_a_change_also_after_a_restart_and_numbers_go_on_after_it()
    {
        var user = UserId.New();
        var (kept, gone) = (await LogWriter.StartAsync(Log, user), await LogWriter.StartAsync(Log, user));
        var before = (await Store.ListRangeAsync(user, Cancellation)).Newest;

        (await Store.DeleteAsync(gone.Thread, gone.Epoch, Cancellation)).Should().BeTrue();
        while (!await Store.EraseAsync(Cancellation))
        {
        }

        await ReopenAsync();

        var deleted = (await Store.ListChangesAsync(user, before, 10, Cancellation)).Changes.Should().ContainSingle().Subject;
        (deleted.Thread, deleted.Record).Should().Be((gone.Thread, null));
        (await Store.ListRangeAsync(user, Cancellation)).Should().Be(new ListRange(0, deleted.Number));
        await Store.ArchiveAsync(user, kept.Thread, true, Cancellation);
        (await Store.ListChangesAsync(user, deleted.Number, 10, Cancellation)).Changes.Should().ContainSingle().Which.Thread.Should().Be(kept.Thread);
    }

    [Fact]
    [Trait("failure", "L5")]
    public async Task What_is_read_moves_forward_only_and_never_beyond_the_head()
    {
        var writer = await LogWriter.StartAsync(Log);
        await writer.AppendAsync(Listed(writer, "answer") with { Listed = new ListChange(writer.Owner, false, "demo", AnswerSeq: 2) });
        await writer.AppendAsync("a part");
        (await RecordAsync()).Should().Match<ThreadRecord>(thread => thread.IsUnread && thread.Agent == "demo");

        (await Store.MarkReadAsync(UserId.New(), writer.Thread, null, Cancellation)).Should().BeNull();
        (await Store.MarkReadAsync(writer.Owner, writer.Thread, 1, Cancellation)).Should().Be(1);
        (await RecordAsync()).IsUnread.Should().BeTrue();
        (await Store.MarkReadAsync(writer.Owner, writer.Thread, 0, Cancellation)).Should().Be(1);
        (await Store.MarkReadAsync(writer.Owner, writer.Thread, 99, Cancellation)).Should().Be(3);
        (await RecordAsync()).IsUnread.Should().BeFalse();
        await writer.AppendAsync(Listed(writer, "next") with { Listed = new ListChange(writer.Owner, true, null, AnswerSeq: 4) });
        await ReopenAsync();

        (await RecordAsync()).Should().Match<ThreadRecord>(thread => thread.IsUnread && thread.NeedsApproval && thread.Agent == "demo");

        async Task<ThreadRecord> RecordAsync() => (await Store.FindAsync(writer.Owner, writer.Thread, Cancellation))!;
    }

    [Fact]
    [Trait("failure", "L11")]
    public async Task A_list_is_told_of_after_the_commit_and_by_its_owner_alone()
    {
        var (user, told) = (UserId.New(), new ConcurrentQueue<(UserId User, long Newest)>());
        var writer = LogWriter.OfNewThread(Log, user);
        Store.ListChanged += changed => told.Enqueue((changed, Store.ListRangeAsync(changed, CancellationToken.None).GetAwaiter().GetResult().Newest));

        await ChangesAsync(() => writer.AppendAsync("first"));
        await ChangesAsync(() => writer.AppendAsync(Listed(writer, "second") with { Listed = new ListChange(user, false, AnswerSeq: 2) }));
        await ChangesAsync(() => Store.ArchiveAsync(user, writer.Thread, true, Cancellation));
        await ChangesAsync(() => Store.MarkReadAsync(user, writer.Thread, null, Cancellation));
        await ChangesAsync(() => Store.DeleteAsync(writer.Thread, 1, Cancellation));
        var count = told.Count;
        await Store.ArchiveAsync(UserId.New(), writer.Thread, true, Cancellation);
        await writer.AppendAsync(Listed(writer, "stale"));

        told.Should().HaveCount(count).And.OnlyContain(change => change.User == user);

        async Task ChangesAsync(Func<Task> change)
        {
            var before = (await Store.ListRangeAsync(user, Cancellation)).Newest;
            var earlier = told.Count;
            await change();
            await Client.Deadline.UntilAsync(() => told.Count > earlier);
            told.Last().Newest.Should().BeGreaterThan(before, "who hears of a change finds it");
        }
    }

    private static LogAppend Listed(LogWriter writer, string text) => writer.Next(text) with { Listed = new ListChange(writer.Owner, false) };
}
