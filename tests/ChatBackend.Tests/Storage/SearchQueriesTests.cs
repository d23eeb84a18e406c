using ChatBackend.Protocol;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>What the search index is made of: the log's texts, a bounded number at a time, with where that came to.</summary>
public sealed class SearchQueriesTests : OpenLog
{
    [Fact]
    public async Task A_batch_has_the_texts_after_a_cursor_and_the_place_of_the_last_event()
    {
        var other = LogWriter.OfNewThread(Host.Log);
        await Writer.WriteTextAsync("one", "", "three");
        await other.WriteTextAsync("theirs");
        await Writer.AppendAsync(Writer.Next() with { Events = [Writer.Event(new MessageRemoved { MessageId = MessageId.New() })] });
        await Writer.AppendAsync("""{"type":"user_message","broken""");

        ShouldHave(await AfterAsync(default), new(6, 0), 6, 1, (1, "one"), (3, "three"), (4, "theirs"));
        (await AfterAsync(default)).Texts.Select(text => text.Owner).Should().Equal(Writer.Owner, Writer.Owner, other.Owner);
        ShouldHave(await AfterAsync(new(3, 0)), new(6, 0), 6, 1, (4, "theirs"));
        ShouldHave(await AfterAsync(new(6, 0)), new(6, 0), 6, 0);
    }

    [Fact]
    public async Task An_empty_log_has_none_and_one_that_is_shorter_than_the_cursor_is_another()
    {
        ShouldHave(await AfterAsync(default), new(0, 0), 0, 0);

        (await AfterAsync(new(1, 0))).Should().BeEquivalentTo(new SearchBatch([], null, IsLast: true, 0, 0));
        await Writer.WriteTextAsync("one");
        (await AfterAsync(new(2, 0))).Next.Should().BeNull();
        (await AfterAsync(new(1, 0))).Next.Should().Be(new SearchCursor(1, 0));
    }

    [Fact]
    public async Task A_batch_ends_with_its_number_of_rows_and_the_next_goes_on_there()
    {
        await Writer.WriteTextAsync([.. Enumerable.Range(1, 10_001).Select(i => $"{i}")]);

        var first = await AfterAsync(default);
        (first.Texts.Count, first.Next, first.IsLast, first.LastRow).Should().Be((10_000, new SearchCursor(10_000, 0), false, 10_001));
        ShouldHave(await AfterAsync(first.Next!.Value), new(10_001, 0), 10_001, 0, (10_001, "10001"));
    }

    [Fact]
    public async Task A_batch_ends_with_its_number_of_characters()
    {
        var text = new string('a', 1 << 17);
        await Writer.WriteTextAsync(text, text, "third");

        var first = await AfterAsync(default);
        (first.Texts.Count, first.Next, first.IsLast).Should().Be((2, new SearchCursor(2, 0), false));
        ShouldHave(await AfterAsync(first.Next!.Value), new(3, 0), 3, 0, (3, "third"));
    }

    [Fact]
    public async Task Rows_that_took_the_place_of_erased_ones_are_looked_at_again_once()
    {
        await Writer.WriteTextAsync("kept");
        var erased = LogWriter.OfNewThread(Host.Log);
        await erased.WriteTextAsync("gone", "gone too");
        await DeleteAsync(erased);
        await Writer.WriteTextAsync("new");

        ShouldHave(await AfterAsync(new(3, 0)), new(2, 1), 2, 0, (2, "new"));
        ShouldHave(await AfterAsync(new(2, 1)), new(2, 1), 2, 0);
    }

    [Fact]
    public async Task What_is_deleted_or_trimmed_away_has_no_text_and_is_what_is_erased_next()
    {
        var erased = LogWriter.OfNewThread(Host.Log);
        await Writer.WriteTextAsync("one", "two", "three");
        await erased.WriteTextAsync("four", "five");
        (await TextsAsync(log => log.TextsToErase(10))).Should().BeEmpty();

        (await Host.Log.DeleteAsync(erased.Thread, erased.Epoch, Cancelled)).Should().BeTrue();

        (await TextsAsync(log => log.TextsToErase(10))).Should().Equal(new SearchableText(4, erased.Owner, "four"), new SearchableText(5, erased.Owner, "five"));
        (await TextsAsync(log => log.TextsToErase(1))).Should().Equal(new SearchableText(4, erased.Owner, "four"));
        (await TextsAsync(log => log.TextsToTrim(Writer.Thread, 3, 10))).Should().Equal(new SearchableText(1, Writer.Owner, "one"), new SearchableText(2, Writer.Owner, "two"));
        (await TextsAsync(log => log.TextsToTrim(Writer.Thread, 3, 1))).Should().Equal(new SearchableText(1, Writer.Owner, "one"));
        (await TextsAsync(log => log.TextsToTrim(Writer.Thread, 1, 10))).Should().BeEmpty();
        (await TextsAsync(log => log.TextsToTrim(ThreadId.New(), 3, 10))).Should().BeEmpty();
        ShouldHave(await AfterAsync(default), new(5, 0), 5, 0, (1, "one"), (2, "two"), (3, "three"));
    }

    [Fact]
    public async Task A_search_passes_over_what_was_damaged_since_it_was_indexed()
    {
        await Writer.WriteTextAsync("plums one", "plums two", "plums three");
        await Host.CatchUpAsync();
        using (var other = SqliteLogHost.Connect(Data.FullName))
        {
            other.Execute("UPDATE events SET json = CAST('{\"type\":\"user_message\",\"broken' AS BLOB) WHERE seq = 2");
        }

        var page = await Host.Log.SearchAsync(Writer.Owner, "plums", null, null, 10, Cancelled);

        page.Hits.Select(hit => hit.Seq).Should().Equal(3, 1);
        page.Next.Should().BeNull();
    }

    [Fact]
    public async Task A_search_looks_at_so_much_text_for_a_page_and_goes_on_with_the_next()
    {
        var text = $"plums {new string('x', 1_000_000)}";
        for (var i = 0; i < 5; i++)
        {
            await Writer.WriteTextAsync(text);
        }

        await Host.CatchUpAsync();

        var first = await Host.Log.SearchAsync(Writer.Owner, "plums", null, null, 10, Cancelled);
        var second = await Host.Log.SearchAsync(Writer.Owner, "plums", null, first.Next, 10, Cancelled);

        first.Hits.Select(hit => hit.Seq).Should().Equal(5, 4, 3, 2);
        second.Hits.Select(hit => hit.Seq).Should().Equal(1);
        second.Next.Should().BeNull();
    }

    [Fact]
    public async Task A_search_for_nothing_finds_nothing_without_looking()
    {
        var page = await Host.Log.SearchAsync(Writer.Owner, "?!", null, null, 10, Cancelled);

        (page.Hits.Count, page.Next).Should().Be((0, null));
    }

    private static void ShouldHave(SearchBatch batch, SearchCursor next, long lastRow, int unreadable, params (long Row, string Text)[] texts)
    {
        batch.Texts.Select(text => (text.Row, text.Text)).Should().Equal(texts);
        (batch.Next, batch.IsLast, batch.LastRow, batch.Unreadable).Should().Be((next, true, lastRow, unreadable));
    }

    private Task<SearchBatch> AfterAsync(SearchCursor cursor) => Host.Reads.ReadAsync(log => log.TextsAfter(cursor), Cancelled);

    private Task<IReadOnlyList<SearchableText>> TextsAsync(Func<SqliteReadConnection, IReadOnlyList<SearchableText>> read) => Host.Reads.ReadAsync(read, Cancelled);

    private async Task DeleteAsync(LogWriter writer)
    {
        await Host.Log.DeleteAsync(writer.Thread, writer.Epoch, Cancelled);
        while (!await Host.Log.EraseAsync(Cancelled))
        {
        }
    }
}
