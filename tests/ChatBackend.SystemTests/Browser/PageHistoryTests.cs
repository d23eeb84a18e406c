using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What was replaced, is gone, or is very long.</summary>
public sealed class PageHistoryTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public async ValueTask InitializeAsync() => _played = await PlayedPage.OpenAsync(chromium, "#thr_1");

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    public async Task An_answer_is_made_again_once_and_the_old_one_can_still_be_shown()
    {
        await AnsweredAsync();
        await Page.Button("Regenerate").DblClickAsync();

        var chat = await Server.ExpectAsync("chat");
        chat["content"]!.GetValue<string>().Should().Be("What time is it?");
        chat["replaces"]!.GetValue<string>().Should().Be("msg_1");
        chat["when_running"]!.GetValue<string>().Should().Be("interrupt");
        await ReplaceAsync(chat["id"]!.GetValue<string>(), "What time is it?", "Half past ten.");

        (await Page.Runs.Locator("visible=true").Locator(".text").AllTextContentsAsync()).Should().Equal("Half past ten.");
        await Page.Replaced.Locator("summary").ClickAsync();
        (await ChatPage.HasTextAsync(Page.Replaced.Locator("> details li.run .text"), "Nine.")).Should().BeTrue();
        (await Page.Replaced.GetByRole(AriaRole.Button).CountAsync()).Should().Be(0, "it can be read, not used");

        await Page.SendAsync("next");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("next", "the double click sent once");
    }

    [Fact]
    public async Task A_message_is_edited_where_it_stands()
    {
        await AnsweredAsync();
        await Page.Messages.First.HoverAsync();
        await Page.Button("Edit").ClickAsync();
        var box = Page.Page.GetByLabel("New wording");
        (await box.InputValueAsync()).Should().Be("What time is it?");
        await box.FillAsync("What time is it in Basel?");
        await box.PressAsync("Enter");

        var chat = await Server.ExpectAsync("chat");
        chat["content"]!.GetValue<string>().Should().Be("What time is it in Basel?");
        chat["replaces"]!.GetValue<string>().Should().Be("msg_1");
        await ReplaceAsync(chat["id"]!.GetValue<string>(), "What time is it in Basel?", "Ten.");
        (await Page.Texts.Locator("visible=true").AllTextContentsAsync()).Should().Equal("What time is it in Basel?");
    }

    [Fact]
    public async Task Of_a_run_that_took_a_message_in_only_what_came_after_is_folded()
    {
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "first");
        Server.Started(2, "run_1", "msg_1");
        Server.Event("agent_part", 3, """ "run_id":"run_1","part_id":"part_1","kind":"text","text":"before" """);
        Server.Message(4, "msg_2", "second", more: ""","when_running":"steer" """);
        Server.Event("message_steered", 5, """ "run_id":"run_1","message_id":"msg_2" """);
        Server.Event("thread_rewound", 6, """ "to_seq":3 """);
        Server.Message(7, "msg_3", "third", more: ""","when_running":"interrupt","replaces":"msg_2" """);
        Server.Event("agent_stopped", 8, """ "run_id":"run_1","message_id":"msg_4","part_id":"part_2","content":"after","reason":"interrupted_by_message" """);
        Server.Started(9, "run_2", "msg_3");
        Server.Completed(10, "run_2", "answer");
        Server.CaughtUp(10);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
        var shown = Page.Page.GetByRole(AriaRole.Log).Locator(".text, .content");
        (await shown.Locator("visible=true").AllTextContentsAsync()).Should().Equal("first", "before", "third", "answer");
        (await shown.AllTextContentsAsync()).Should().Equal("first", "before", "second", "after", "third", "answer");
    }

    [Fact]
    [Trait("failure", "D15")]
    public async Task Where_history_is_gone_it_says_so_and_begins_there()
    {
        Server.Refuse((await Server.ExpectAsync("follow"))["id"]!.GetValue<string>(), "expired", ""","history_begins_at":120""");
        (await Server.ExpectAsync("follow"))["after_seq"]!.GetValue<long>().Should().Be(119);
        Server.Message(120, "msg_1", "later");

        (await ChatPage.HasTextAsync(Page.Texts, "later")).Should().BeTrue();
        (await ChatPage.HasTextAsync(Page.Page.Locator(".gone"), "no longer retained")).Should().BeTrue();
    }

    [Fact]
    public async Task A_deleted_thread_says_so_and_leaves_nothing_behind()
    {
        await AnsweredAsync();
        Server.Send("""{"type":"thread_deleted","thread_id":"thr_1"}""");

        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Alert), "This conversation was deleted.")).Should().BeTrue();
        (await Page.Messages.CountAsync()).Should().Be(0);
        Page.Page.Url.Should().NotContain("thr_1");
    }

    [Fact]
    [Trait("failure", "P11")]
    [Trait("failure", "E2")]
    public async Task A_long_thread_arrives_whole_ends_in_sight_and_the_page_is_usable()
    {
        const int turns = 300;
        await Server.ExpectAsync("follow");
        for (var turn = 0; turn < turns; turn++)
        {
            Server.Message((turn * 3) + 1, $"msg_{turn}", $"question {turn}");
            Server.Started((turn * 3) + 2, $"run_{turn}", $"msg_{turn}");
            Server.Completed((turn * 3) + 3, $"run_{turn}", $"answer {turn}", $"part_{turn}");
        }

        Server.CaughtUp(turns * 3);
        (await ChatPage.AreAsync(Page.Runs.Locator(".state"), turns)).Should().BeTrue();
        await Assertions.Expect(Page.Runs.Last).ToBeInViewportAsync();
        await Page.SendAsync("still there?");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("still there?");
    }

    private async Task AnsweredAsync()
    {
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "What time is it?");
        Server.Started(2, "run_1", "msg_1");
        Server.Completed(3, "run_1", "Nine.");
        Server.CaughtUp(3);
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
    }

    private async Task ReplaceAsync(string id, string content, string answer)
    {
        Server.Ack(id, "accepted", "msg_2");
        Server.Event("thread_rewound", 4, """ "to_seq":0 """);
        Server.Message(5, "msg_2", content, id, ""","replaces":"msg_1" """);
        Server.Started(6, "run_2", "msg_2");
        Server.Completed(7, "run_2", answer, "part_2");
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".text"), answer)).Should().BeTrue();
    }
}
