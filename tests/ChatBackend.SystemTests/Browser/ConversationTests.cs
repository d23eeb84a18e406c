using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Page and server together: what is on the screen is what is in the log.</summary>
public sealed class ConversationTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private ServerProcess _server = null!;
    private ChatPage _page = null!;

    private ILocator Ends => _page.Runs.Locator(".state");

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(ServerSettings.Scripted);
        _page = await chromium.OpenAsync(_server.Http);
        (await _page.IsConnectedAsync()).Should().BeTrue();
        await _page.Page.GetByLabel("Agent").SelectOptionAsync(Scenario.Agent);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _page.Complaints.Should().BeEmpty(_server.Log);
        }
        finally
        {
            await _page.DisposeAsync();
            await _server.DisposeAsync();
        }
    }

    [Fact]
    [Trait("failure", "P1")]
    [Trait("failure", "E11")]
    public async Task An_answer_goes_on_while_the_page_is_loaded_again()
    {
        var text = string.Concat(Enumerable.Range(0, 60).Select(number => $"Grüße {number} 👋. "));
        await _page.SendAsync(Scenario.Of(Scenario.Say(text, chunks: 60, everyMs: 50)));
        (await ChatPage.HasTextAsync(_page.Runs.Locator(".text"), "Grüße 3")).Should().BeTrue();

        await _page.Page.ReloadAsync();

        (await ChatPage.HasTextAsync(Ends, "Completed")).Should().BeTrue();
        (await _page.Runs.Locator(".text").AllTextContentsAsync()).Should().Equal(text);
        (await _page.Messages.CountAsync()).Should().Be(1);
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task Of_two_messages_that_wait_the_one_that_is_taken_back_is_not_answered()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Wait(60_000)));
        (await ChatPage.AreAsync(_page.Runs, 1)).Should().BeTrue();
        await _page.SendAsync(Scenario.Of(Scenario.Say("unwanted")));
        await _page.SendAsync(Scenario.Of(Scenario.Say("wanted")));
        (await ChatPage.AreAsync(_page.Waiting.And(_page.Page.Locator("[data-state=waiting]")), 2)).Should().BeTrue();

        await _page.Waiting.First.GetByRole(AriaRole.Button).ClickAsync();
        (await ChatPage.AreAsync(_page.Waiting, 1)).Should().BeTrue();
        await _page.Stop.ClickAsync();

        (await ChatPage.HasTextAsync(_page.Runs.Locator(".text"), "wanted")).Should().BeTrue();
        (await ChatPage.AreAsync(Ends, 2)).Should().BeTrue();
        (await Ends.AllTextContentsAsync()).Should().Equal("Stopped", "Completed");
        (await _page.Runs.Locator(".text").AllTextContentsAsync()).Should().Equal("wanted");
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task What_is_approved_in_one_tab_is_seen_in_the_other()
    {
        await _page.SendAsync(Scenario.Of(new { tool = "send_mail", arguments = new { to = "ada" }, result = "sent", approval = true }, Scenario.Say("It is sent.")));
        (await ChatPage.AreAsync(_page.Button("Approve"), 1)).Should().BeTrue();
        var other = new ChatPage(await _page.Page.Context.NewPageAsync());
        await other.Page.GotoAsync(_page.Page.Url);
        (await ChatPage.AreAsync(other.Button("Approve"), 1)).Should().BeTrue();

        await _page.Button("Approve").ClickAsync();

        (await ChatPage.HasTextAsync(other.Runs.Locator(".tool summary"), "approved by you, on another device")).Should().BeTrue();
        (await ChatPage.HasTextAsync(other.Runs.Locator(".text"), "It is sent.")).Should().BeTrue();
        (await ChatPage.HasTextAsync(_page.Runs.Locator(".tool summary"), "approved by you")).Should().BeTrue();
        (await other.Button("Approve").CountAsync()).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "M1")]
    public async Task An_answer_that_was_cut_at_a_limit_says_so_and_goes_on_when_asked_to()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("Half of"), Scenario.Finish("length")));
        (await ChatPage.HasTextAsync(_page.Runs.Locator(".state"), "Cut off: the model says no more at once")).Should().BeTrue();

        await _page.Button("Continue").ClickAsync();

        (await ChatPage.AreAsync(Ends, 2)).Should().BeTrue();
        (await _page.Texts.Last.TextContentAsync()).Should().Be("Continue.");
        (await _page.Button("Continue").CountAsync()).Should().Be(0);
    }

    [Fact]
    public async Task What_was_edited_and_made_again_looks_the_same_after_a_refresh_and_in_another_tab()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("first answer")));
        (await ChatPage.AreAsync(Ends, 1)).Should().BeTrue();
        await _page.Button("Regenerate").ClickAsync();
        (await ChatPage.AreAsync(_page.Replaced, 1)).Should().BeTrue();
        (await ChatPage.AreAsync(Ends, 2)).Should().BeTrue();
        await _page.Messages.Locator("visible=true").HoverAsync();
        await _page.Button("Edit").ClickAsync();
        await _page.Page.GetByLabel("New wording").FillAsync(Scenario.Of(Scenario.Say("edited answer")));
        await _page.Button("Send again").ClickAsync();

        (await ChatPage.AreAsync(_page.Replaced, 2)).Should().BeTrue();
        (await ChatPage.AreAsync(Ends, 3)).Should().BeTrue();
        (await _page.Runs.Locator(".text").Locator("visible=true").AllTextContentsAsync()).Should().Equal("edited answer");
        var before = await _page.Page.GetByRole(AriaRole.Log).TextContentAsync();
        before.Should().Contain("edited answer");
        await _page.Page.ReloadAsync();
        (await ChatPage.AreAsync(Ends, 3)).Should().BeTrue();
        await ChatPage.ShouldReadAsync(_page.Page.GetByRole(AriaRole.Log), before!);
    }

    [Fact]
    public async Task A_conversation_is_listed_renamed_found_and_deleted_and_the_other_tab_hears_of_it()
    {
        await _page.SendAsync(Scenario.Of(Scenario.Say("a whale")));
        (await ChatPage.AreAsync(Ends, 1)).Should().BeTrue();
        var title = _page.Threads.GetByRole(AriaRole.Listitem).Locator("a");
        (await ChatPage.AreAsync(title, 1)).Should().BeTrue();
        await _page.Threads.Locator(".menu summary").ClickAsync();
        await _page.Button("Rename").ClickAsync();
        await _page.Page.GetByLabel("New title").FillAsync("About whales");
        await _page.Page.GetByLabel("New title").PressAsync("Enter");
        (await ChatPage.HasTextAsync(_page.Page.GetByRole(AriaRole.Heading), "About whales")).Should().BeTrue();
        await _page.Page.GetByLabel("Search conversations").FillAsync("whale");
        (await ChatPage.HasTextAsync(_page.Threads.Locator(".excerpt"), "whale")).Should().BeTrue();
        var other = new ChatPage(await _page.Page.Context.NewPageAsync());
        await other.Page.GotoAsync(_page.Page.Url);
        (await ChatPage.AreAsync(other.Runs, 1)).Should().BeTrue();

        await _page.Threads.GetByLabel("Actions for About whales").ClickAsync();
        await _page.Button("Delete…").ClickAsync();
        await _page.Button("Delete").ClickAsync();

        (await ChatPage.HasTextAsync(other.Page.GetByRole(AriaRole.Alert), "This conversation was deleted.")).Should().BeTrue();
        (await ChatPage.AreAsync(title, 0)).Should().BeTrue();
        (await other.Messages.CountAsync()).Should().Be(0);
    }
}
