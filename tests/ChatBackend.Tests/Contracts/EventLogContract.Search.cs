using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    [Fact]
    public async Task A_search_finds_the_texts_that_hold_all_words_the_best_first()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.WriteTextAsync("The quick brown fox", "A lazy dog", "Quick dogs don't jump. Déjà vu");

        var found = (await SearchAsync(writer.Owner, "QUICK fox")).Should().ContainSingle().Which;
        (found.Thread, found.Seq, found.At, found.Excerpt.Text).Should().Be((writer.Thread, 1, LogWriter.At, "The quick brown fox"));
        found.Excerpt.Highlights.Select(highlight => found.Excerpt.Text.Substring(highlight.Start, highlight.Length)).Should().Equal("quick", "fox");
        (await SearchAsync(writer.Owner, "quick")).Select(hit => hit.Seq).Should().BeEquivalentTo([1L, 3L]);
        (await SearchAsync(writer.Owner, "quick", 1)).Should().HaveCount(1);
        (await SearchAsync(writer.Owner, "deja don't")).Should().ContainSingle();
        (await SearchAsync(writer.Owner, "quick zebra")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_search_puts_the_words_in_a_row_before_words_apart_and_else_the_newest_first()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.WriteTextAsync("the white whale was seen", "white clouds above a whale, far out", "another white whale was seen", "white, and much later on a whale");

        (await SearchAsync(writer.Owner, "white whale")).Select(hit => hit.Seq).Should().StartWith([3L, 1L]);
    }

    [Fact]
    [Trait("failure", "N1")]
    public async Task What_counts_no_more_is_what_the_last_event_says_that_says_it_of_all()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.WriteTextAsync("apricots please", "bananas please");
        await writer.AppendAsync(writer.Next() with { Events = [writer.Event(new ThreadRewound { ToSeq = 0 })] });
        (await SearchAsync(writer.Owner, "please")).Should().BeEmpty();

        var chosen = writer.Event(new BranchSelected { MessageId = MessageId.New(), ToSeq = 0, Restored = [] });
        await writer.AppendAsync(writer.Next() with { Events = [chosen with { Uncounted = [new MessageSpan { AfterSeq = 1, BeforeSeq = 4 }] }] });

        (await SearchAsync(writer.Owner, "please")).Should().ContainSingle().Which.Seq.Should().Be(1);
        await writer.AppendAsync(writer.Next() with { Events = [chosen with { Seq = writer.Head + 1, Uncounted = null }] });
        (await SearchAsync(writer.Owner, "please")).Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_search_finds_nobody_elses_texts()
    {
        var (mine, theirs) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        await mine.WriteTextAsync("secret of mine");
        await theirs.WriteTextAsync("secret of theirs");

        (await SearchAsync(mine.Owner, "secret")).Should().ContainSingle().Which.Thread.Should().Be(mine.Thread);
        (await SearchAsync(mine.Owner, theirs.Owner.Value)).Should().BeEmpty();
        (await SearchAsync(UserId.New(), "secret")).Should().BeEmpty();
    }

    [Theory]
    [Trait("failure", "P6")]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\"")]
    [InlineData("***")]
    [InlineData("\" OR \"")]
    [InlineData("mine\" OR text:\"theirs")]
    [InlineData("nothing OR theirs")]
    [InlineData("NEAR(of theirs, 2)")]
    [InlineData("owner_token:x")]
    [InlineData("-mine")]
    [InlineData("theirs*")]
    [InlineData("'; DROP TABLE threads; --")]
    [InlineData(") OR (theirs")]
    [InlineData("a\0b")]
    [InlineData("\ud800")]
    [InlineData("\ue000")]
    [InlineData("{} ^ + : %_")]
    public async Task A_hostile_search_finds_nothing_and_breaks_nothing(string query)
    {
        var (mine, theirs) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        await mine.WriteTextAsync("some words");
        await theirs.WriteTextAsync("secret of theirs");

        (await SearchAsync(mine.Owner, query)).Should().BeEmpty();
        (await SearchAsync(mine.Owner, "words")).Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task A_search_in_pages_gives_each_text_once()
    {
        var user = UserId.New();
        var (one, two, other) = (LogWriter.OfNewThread(Log, user), LogWriter.OfNewThread(Log, user), LogWriter.OfNewThread(Log));
        await other.WriteTextAsync("quick fox");
        await one.WriteTextAsync("quick one", "slow", "quick two");
        await two.WriteTextAsync("quick three");
        await Store.ArchiveAsync(user, two.Thread, true, Cancellation);
        await CatchUpAsync();

        var first = await Store.SearchAsync(user, "quick", null, null, 2, Cancellation);
        await one.WriteTextAsync("quick four");
        await CatchUpAsync();
        var second = await Store.SearchAsync(user, "quick", null, first.Next, 2, Cancellation);

        first.Hits.Concat(second.Hits).Select(hit => hit.Excerpt.Text).Should().Equal("quick three", "quick two", "quick one");
        second.Next.Should().BeNull();
        (await Store.SearchAsync(user, "quick", true, null, 10, Cancellation)).Hits.Select(hit => hit.Excerpt.Text).Should().Equal("quick three");
        (await Store.SearchAsync(user, "quick slow", null, null, 10, Cancellation)).Hits.Should().BeEmpty();
    }

    [Fact]
    public async Task Pages_go_through_more_texts_than_are_ranked_together()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.WriteTextAsync([.. Enumerable.Range(0, 700).Select(i => i % 3 == 0 ? $"needle needle {i}" : $"needle {i}")]);
        await CatchUpAsync();

        var seen = new List<long>();
        SearchPosition? after = null;
        do
        {
            var page = await Store.SearchAsync(writer.Owner, "needle", null, after, 100, Cancellation);
            seen.AddRange(page.Hits.Select(hit => hit.Seq));
            after = page.Next;
        }
        while (after is not null);

        seen.Should().HaveCount(700).And.OnlyHaveUniqueItems();
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task What_was_replaced_or_taken_back_is_not_found_nor_is_what_answers_it()
    {
        var writer = LogWriter.OfNewThread(Log);
        var (message, waiting, run) = (MessageId.New(), MessageId.New(), RunId.New());
        foreach (var draft in new ThreadEvent[]
        {
            new UserMessage { MessageId = message, Content = "apricots please", ClientId = ClientFrameId.New() },
            new AgentStarted { RunId = run, Agent = "demo", MessageId = message },
            new UserMessage { MessageId = waiting, Content = "also pomegranates", ClientId = ClientFrameId.New() },
            new MessageRemoved { MessageId = waiting },
            new ThreadRewound { ToSeq = 0 },
            new UserMessage { MessageId = MessageId.New(), Content = "bananas please", ClientId = ClientFrameId.New(), Replaces = message },
            new AgentStopped { RunId = run, MessageId = MessageId.New(), Content = "apricots are", Reason = StopReason.InterruptedByMessage },
        })
        {
            await writer.AppendAsync(writer.Next() with { Events = [writer.Event(draft)] });
        }

        (await SearchAsync(writer.Owner, "apricots")).Should().BeEmpty();
        (await SearchAsync(writer.Owner, "pomegranates")).Should().BeEmpty();
        (await SearchAsync(writer.Owner, "please")).Should().ContainSingle().Which.Seq.Should().Be(6);
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task What_was_deleted_or_trimmed_is_not_found_whether_it_is_erased_yet_or_not()
    {
        var (gone, cut) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        await gone.WriteTextAsync("plums");
        await cut.WriteTextAsync([.. Enumerable.Range(0, 500).Select(i => $"old{i}"), "new"]);
        await CatchUpAsync();

        (await Store.DeleteAsync(gone.Thread, gone.Epoch, Cancellation)).Should().BeTrue();
        (await Store.TrimAsync(cut.Thread, 501, Cancellation)).Should().BeFalse();

        (await SearchAsync(gone.Owner, "plums")).Should().BeEmpty();
        (await SearchAsync(cut.Owner, "old400")).Should().BeEmpty();
        while (!await Store.TrimAsync(cut.Thread, 501, Cancellation) || !await Store.EraseAsync(Cancellation))
        {
        }

        (await SearchAsync(gone.Owner, "plums")).Should().BeEmpty();
        (await SearchAsync(cut.Owner, "old1")).Should().BeEmpty();
        (await SearchAsync(cut.Owner, "new")).Should().ContainSingle();
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task What_is_said_after_the_newest_was_erased_is_found()
    {
        var (kept, gone) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        await kept.WriteTextAsync("pears");
        await gone.WriteTextAsync([.. Enumerable.Range(0, 300).Select(i => $"plum{i}")]);
        await CatchUpAsync();
        await Store.DeleteAsync(gone.Thread, gone.Epoch, Cancellation);
        while (!await Store.EraseAsync(Cancellation))
        {
        }

        await kept.WriteTextAsync("cherries", "figs");
        await ReopenAsync();
        (await SearchAsync(kept.Owner, "cherries")).Should().ContainSingle();
        (await SearchAsync(kept.Owner, "figs")).Should().ContainSingle();
    }

    [Fact]
    public async Task A_store_that_is_opened_again_finds_everything()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.WriteTextAsync("kept");

        await ReopenAsync();

        (await SearchAsync(writer.Owner, "kept")).Should().ContainSingle();
    }

    private async Task<IReadOnlyList<FoundText>> SearchAsync(UserId user, string query, int max = 10)
    {
        await CatchUpAsync();
        return (await Store.SearchAsync(user, query, null, null, max, Cancellation)).Hits;
    }
}
