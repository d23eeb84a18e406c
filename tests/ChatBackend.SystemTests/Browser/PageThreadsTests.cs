using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The list of chats.</summary>
public sealed class PageThreadsTests(Chromium chromium) : BrowserTest(chromium)
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public override async ValueTask InitializeAsync()
    {
        _played = await PlayAsync();
        Server.Listed =
        [
            PlayedServer.Row("thr_1", "First", at: "2026-11-23T09:30:02.000Z"), PlayedServer.Row("thr_2", at: "2026-11-23T09:30:01.000Z"),
            PlayedServer.Row("thr_9", "Old", archived: true),
        ];
        Server.Search = _ => """
            {"hits":[{"thread_id":"thr_1","title":"First","seq":7,"at":"2026-11-23T09:30:00.000Z","excerpt":"a whale","highlights":[{"start":2,"length":5}]}]}
            """;
        await _played.ReloadAsync();
        await Expect(Page.Titles).ToHaveTextAsync(["First", "New chat"]);
    }

    [Fact]
    public async Task It_opens_what_is_chosen_and_goes_back()
    {
        await Page.Titles.First.ClickAsync();
        (await Server.ExpectAsync("follow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Page.Page.Url.Should().EndWith("#/t/thr_1");
        await Expect(Page.Titles.First).ToHaveAttributeAsync("aria-current", "page");
        await Page.Page.GoBackAsync();
        (await Server.ExpectAsync("unfollow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    [Fact]
    public async Task It_says_what_is_going_on_in_the_others_as_it_happens()
    {
        Server.List(PlayedServer.Row("thr_2", at: "2026-11-23T09:30:03.000Z", running: true));
        await Expect(Page.Titles).ToHaveTextAsync(["New chat", "First"]);
        await Expect(Page.Titles.First.GetByRole(AriaRole.Img, new() { Name = "answering" })).ToBeVisibleAsync();
        Server.List(PlayedServer.Row("thr_2", "Mail", at: "2026-11-23T09:30:04.000Z", running: true, needsApproval: true));
        await Expect(Page.Titles.First.GetByRole(AriaRole.Img, new() { Name = "needs your approval" })).ToBeVisibleAsync();
        await Expect(Page.Page).ToHaveTitleAsync("(1) New chat · Chat");
        Server.List(PlayedServer.Row("thr_2", "Mail", at: "2026-11-23T09:30:05.000Z", unread: true));
        await Expect(Page.Titles.First.GetByRole(AriaRole.Img, new() { Name = "unread" })).ToBeVisibleAsync();
        Server.List(PlayedServer.Row("thr_3", "From another tab", at: "2026-11-23T09:30:06.000Z"));
        await Expect(Page.Titles).ToHaveTextAsync(["From another tab", "Mail", "First"]);
        Server.Unlist("thr_3");
        await Expect(Page.Titles).ToHaveTextAsync(["Mail", "First"]);
    }

    [Fact]
    public async Task It_finds_by_content_and_opens_the_message()
    {
        await Page.Button("Search").Or(Page.Threads.GetByRole(AriaRole.Button, new() { NameRegex = new("^Search") })).First.ClickAsync();
        await Page.Dialog.GetByRole(AriaRole.Combobox).FillAsync("whale");
        var hit = Page.Dialog.GetByRole(AriaRole.Option);
        await Expect(hit).ToContainTextAsync("a whale");
        await Expect(hit.Locator("mark")).ToHaveTextAsync(["whale"]);
        await Page.Page.Keyboard.PressAsync("Enter");

        (await Server.ExpectAsync("follow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Page.Page.Url.Should().EndWith("#/t/thr_1/7");
    }

    [Fact]
    public async Task What_is_archived_is_shown_apart_and_comes_back()
    {
        await Page.Threads.GetByRole(AriaRole.Button, new() { Name = "Archived chats" }).ClickAsync();
        await Expect(Page.Titles).ToHaveTextAsync(["Old"]);
        await Page.OfThreadAsync("Old", "Take out of the archive");

        (await Server.ExpectRequestAsync()).Should().Be("""PATCH /api/threads/thr_9 {"archived":false}""");
        await Expect(Page.Button("Undo")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_title_is_changed_by_hand_and_by_the_thread_itself_and_what_is_typed_meanwhile_stays()
    {
        await Page.OfThreadAsync("First", "Rename");
        var box = Page.Threads.GetByRole(AriaRole.Textbox);
        await box.FillAsync("Oth");
        Server.List(PlayedServer.Row("thr_2", "Moved up", at: "2026-11-23T09:31:00.000Z"));
        await Expect(Page.Titles).ToContainTextAsync(["Moved up"]);
        await Expect(box).ToBeFocusedAsync();
        await box.PressSequentiallyAsync("er");
        await box.PressAsync("Enter");
        (await Server.ExpectRequestAsync()).Should().Be("""PATCH /api/threads/thr_1 {"title":"Other"}""");

        await Page.Titles.Filter(new LocatorFilterOptions { HasText = "First" }).ClickAsync();
        await Server.ExpectAsync("follow");
        Server.Event("thread_renamed", 1, """ "title":"<b>Live</b>","by":"agent" """);
        await Expect(Page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("<b>Live</b>");
    }

    [Fact]
    public async Task Deleting_asks_first()
    {
        await Page.Titles.First.ClickAsync();
        await Server.ExpectAsync("follow");
        await Page.OfThreadAsync("First", "Delete");
        await Expect(Page.Dialog).ToContainTextAsync("“First” and all its messages are erased for good.");
        await Page.Button("Keep").ClickAsync();
        await Expect(Page.Dialog).ToHaveCountAsync(0);

        await Page.OfThreadAsync("First", "Delete");
        await Page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();

        (await Server.ExpectRequestAsync()).Should().Be("DELETE /api/threads/thr_1");
        await Expect(Page.Page.GetByText("“First” was deleted.").First).ToBeVisibleAsync();
        Page.Page.Url.Should().NotContain("thr_1");
    }
}
