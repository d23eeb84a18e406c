using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Page and server together: what is on the screen is what is in the log.</summary>
public sealed class ConversationTests(Chromium chromium) : BrowserTest(chromium)
{
    private ChatPage _page = null!;

    public override async ValueTask InitializeAsync()
    {
        _page = await OpenAsync(await StartAsync(Scripted));
        await _page.ChooseAgentAsync(Scenario.Agent);
    }

    [Fact]
    [Trait("failure", "P1")]
    [Trait("failure", "E11")]
    public async Task An_answer_goes_on_while_the_page_is_loaded_again()
    {
        var text = string.Concat(Enumerable.Range(0, 60).Select(number => $"Grüße {number} 👋. "));
        await _page.SendAsync(Scenario.Of(Scenario.Say(text, chunks: 60, everyMs: 50)));
        await Expect(_page.Answers).ToContainTextAsync("Grüße 3");

        await _page.Page.ReloadAsync();

        await Expect(_page.Ended).ToHaveCountAsync(1);
        await Expect(_page.Answers).ToHaveTextAsync([text]);
        await Expect(_page.Messages).ToHaveCountAsync(1);
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task Of_two_messages_that_wait_the_one_that_is_taken_back_is_not_answered()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Wait(60_000)));
        await Expect(_page.Stop).ToBeVisibleAsync();
        await _page.SendAsync(Scenario.Of(Scenario.Say("unwanted")));
        await _page.SendAsync(Scenario.Of(Scenario.Say("wanted")));
        await Expect(_page.Waiting).ToHaveCountAsync(2);

        await _page.Waiting.First.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(_page.Waiting).ToHaveCountAsync(1);
        await Expect(_page.Box).ToHaveValueAsync(Scenario.Of(Scenario.Say("unwanted")));
        await _page.Box.FillAsync("");
        await _page.Stop.ClickAsync();

        await Expect(_page.Ended).ToHaveCountAsync(2);
        await Expect(_page.Endings).ToHaveTextAsync(["Stopped"]);
        await Expect(_page.Answers).ToHaveTextAsync(["wanted"]);
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task Escape_stops_the_answer_and_the_message_box_keeps_the_focus()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("begun ", chunks: 1), Scenario.Wait(60_000)));
        await Expect(_page.Answers).ToHaveTextAsync(["begun"]);

        await _page.Box.PressAsync("Escape");

        await Expect(_page.Endings).ToHaveTextAsync(["Stopped"]);
        await Expect(_page.Box).ToBeFocusedAsync();
        await Expect(_page.Button("Send")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task What_is_approved_in_one_tab_is_seen_in_the_other()
    {
        await _page.SendAsync(Scenario.Of(new { tool = "send_mail", arguments = new { to = "ada" }, result = "sent", approval = true }, Scenario.Say("It is sent.")));
        await Expect(_page.Button("Approve")).ToBeVisibleAsync();
        var other = await OpenTabAsync(_page);
        await Expect(other.Button("Approve")).ToBeVisibleAsync();

        await _page.Button("Approve").ClickAsync();

        foreach (var tab in new[] { _page, other })
        {
            await Expect(tab.Answers).ToHaveTextAsync(["It is sent."]);
            await Expect(tab.Button("Approve")).ToHaveCountAsync(0);
            await tab.Work.ClickAsync();
            await Expect(tab.Runs.GetByRole(AriaRole.Listitem)).ToContainTextAsync("You approved");
        }
    }

    [Fact]
    [Trait("failure", "M1")]
    public async Task An_answer_that_was_cut_at_a_limit_says_so_and_goes_on_when_asked_to()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("Half of"), Scenario.Finish("length")));
        await Expect(_page.Endings).ToContainTextAsync("Cut at the limit");

        await _page.Button("Continue").ClickAsync();

        await Expect(_page.Ended).ToHaveCountAsync(2);
        await Expect(_page.Texts.Last).ToHaveTextAsync("Continue.");
        await Expect(_page.Button("Continue")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_was_edited_and_made_again_looks_the_same_after_a_refresh_and_in_another_tab()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("first answer")));
        await Expect(_page.Ended).ToHaveCountAsync(1);
        await _page.Button("Answer again").ClickAsync();
        await Expect(_page.Messages).ToContainTextAsync(["2 / 2"]);
        await Expect(_page.Ended).ToHaveCountAsync(1);
        await _page.Messages.HoverAsync();
        await _page.Button("Edit").ClickAsync();
        var editor = _page.Page.GetByRole(AriaRole.Textbox, new() { Name = "Edit your message" });
        await editor.FillAsync(Scenario.Of(Scenario.Say("edited answer")));
        await editor.PressAsync("Enter");

        await Expect(_page.Answers).ToHaveTextAsync(["edited answer"]);
        await Expect(_page.Ended).ToHaveCountAsync(1);
        await Expect(_page.Messages).ToContainTextAsync(["3 / 3"]);
        var before = await _page.Transcript.TextContentAsync();
        var other = await OpenTabAsync(_page);
        await _page.Page.ReloadAsync();
        foreach (var tab in new[] { _page, other })
        {
            await Expect(tab.Ended).ToHaveCountAsync(1);
            await Expect(tab.Transcript).ToHaveTextAsync(before!);
        }

        await _page.Messages.HoverAsync();
        await _page.Button("Previous version").ClickAsync();
        foreach (var tab in new[] { _page, other })
        {
            await Expect(tab.Answers).ToHaveTextAsync(["first answer"]);
            await Expect(tab.Messages).ToContainTextAsync(["2 / 3"]);
        }
    }

    [Fact]
    public async Task A_conversation_is_listed_renamed_found_and_deleted_and_the_other_tab_hears_of_it()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("a whale")));
        await Expect(_page.Ended).ToHaveCountAsync(1);
        await Expect(_page.Titles).ToHaveCountAsync(1);
        await _page.Titles.PressAsync("F2");
        var title = _page.Threads.GetByRole(AriaRole.Textbox);
        await title.FillAsync("About whales");
        await title.PressAsync("Enter");
        await Expect(_page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("About whales");
        var other = await OpenTabAsync(_page);
        await Expect(other.Ended).ToHaveCountAsync(1);
        await Expect(other.Titles).ToContainTextAsync(["About whales"]);

        await _page.Page.Keyboard.PressAsync("Control+k");
        await _page.Dialog.GetByRole(AriaRole.Combobox).FillAsync("whale");
        await Expect(_page.Dialog.GetByRole(AriaRole.Option).First).ToContainTextAsync("whale");
        await _page.Page.Keyboard.PressAsync("Escape");

        await _page.OfThreadAsync("About whales", "Delete");
        await _page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();

        await Expect(other.Page.GetByRole(AriaRole.Heading, new() { Name = "Conversation deleted" })).ToBeVisibleAsync();
        foreach (var tab in new[] { _page, other })
        {
            await Expect(tab.Titles).ToHaveCountAsync(0);
            await Expect(tab.Messages).ToHaveCountAsync(0);
        }
    }
}
