using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The list of conversations.</summary>
public sealed class PageThreadsTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    private ILocator Titles => Page.Threads.GetByRole(AriaRole.Listitem).Locator("a");

    public async ValueTask InitializeAsync()
    {
        _played = await PlayedPage.OpenAsync(chromium);
        Server.Threads = asked => asked switch
        {
            "?" => """{"threads":[{"thread_id":"thr_1","title":"First","archived":false},{"thread_id":"thr_2","archived":false}],"next_cursor":"more"}""",
            "?cursor=more" => """{"threads":[{"thread_id":"thr_2","archived":false},{"thread_id":"thr_3","title":"Third","archived":false}]}""",
            "?archived=true" => """{"threads":[{"thread_id":"thr_9","title":"Old","archived":true}]}""",
            "?query=whale" => """{"hits":[{"thread_id":"thr_3","title":"Third","seq":7,"at":"","excerpt":"a whale"},{"thread_id":"thr_3","title":"Third","seq":3,"at":"","excerpt":"whales"}]}""",
            _ => """{"threads":[]}""",
        };
        await _played.ReloadAsync();
        (await ChatPage.AreAsync(Titles, 2)).Should().BeTrue();
    }

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    public async Task It_is_read_in_pages_and_opens_what_is_chosen()
    {
        await Page.Button("Show more").ClickAsync();
        (await ChatPage.AreAsync(Titles, 3)).Should().BeTrue();
        (await Titles.AllTextContentsAsync()).Should().Equal("First", "New chat", "Third");
        (await Page.Button("Show more").CountAsync()).Should().Be(0);

        await Titles.Nth(2).ClickAsync();
        (await Server.ExpectAsync("follow"))["thread_id"]!.GetValue<string>().Should().Be("thr_3");
        Page.Page.Url.Should().EndWith("#thr_3");
        (await Titles.Nth(2).GetAttributeAsync("aria-current")).Should().Be("page");
        await Page.Page.GoBackAsync();
        (await Server.ExpectAsync("unfollow"))["thread_id"]!.GetValue<string>().Should().Be("thr_3");
    }

    [Fact]
    public async Task It_finds_by_content_and_shows_what_is_archived()
    {
        await Page.Page.GetByLabel("Search conversations").FillAsync("whale");
        (await ChatPage.HasTextAsync(Page.Threads.Locator(".excerpt"), "a whale")).Should().BeTrue();
        (await Titles.AllTextContentsAsync()).Should().Equal("Third");

        await Page.Page.GetByLabel("Search conversations").FillAsync("");
        await Page.Page.GetByLabel("Archived").CheckAsync();
        (await ChatPage.HasTextAsync(Titles, "Old")).Should().BeTrue();
        await Page.Threads.GetByLabel("Actions for Old").ClickAsync();
        await Page.Button("Bring back").ClickAsync();
        (await Server.ExpectRequestAsync()).Should().Be("""PATCH /api/threads/thr_9 {"archived":false}""");
    }

    [Fact]
    public async Task A_title_is_changed_by_hand_and_by_the_thread_itself()
    {
        await Page.Threads.GetByLabel("Actions for First").ClickAsync();
        await Page.Button("Rename").ClickAsync();
        await Page.Page.GetByLabel("New title").FillAsync("Other");
        await Page.Page.GetByLabel("New title").PressAsync("Enter");
        (await Server.ExpectRequestAsync()).Should().Be("""PATCH /api/threads/thr_1 {"title":"Other"}""");

        await Titles.First.ClickAsync();
        await Server.ExpectAsync("follow");
        Server.Event("thread_renamed", 1, """ "title":"<b>Live</b>","by":"agent" """);
        (await ChatPage.HasTextAsync(Titles, "<b>Live</b>")).Should().BeTrue();
        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Heading), "<b>Live</b>")).Should().BeTrue();
    }

    [Fact]
    public async Task Deleting_asks_first()
    {
        await Titles.First.ClickAsync();
        await Server.ExpectAsync("follow");
        await Page.Threads.GetByLabel("Actions for First").ClickAsync();
        await Page.Button("Delete…").ClickAsync();
        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Dialog), "First")).Should().BeTrue();
        await Page.Button("Keep").ClickAsync();

        await Page.Threads.GetByLabel("Actions for First").ClickAsync();
        await Page.Button("Delete…").ClickAsync();
        await Page.Button("Delete").ClickAsync();

        (await Server.ExpectRequestAsync()).Should().Be("DELETE /api/threads/thr_1");
        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Alert), "The conversation was deleted.")).Should().BeTrue();
        Page.Page.Url.Should().NotContain("thr_1");
    }
}
