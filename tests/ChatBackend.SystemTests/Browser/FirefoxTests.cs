using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The main path in the other engine, over TLS.</summary>
public sealed class FirefoxTests(Firefox firefox) : IClassFixture<Firefox>
{
    [Fact]
    public async Task A_conversation_is_begun_watched_stopped_and_there_again_after_a_refresh()
    {
        await using var server = await ServerProcess.StartAsync(BrowserTest.Scripted);
        await using var page = await firefox.OpenAsync(server.Https);
        await page.ConnectedAsync();
        await page.ChooseAgentAsync(Scenario.Agent);

        await page.SendAsync(Scenario.Of(Scenario.Say("**bold** and `code`", chunks: 6, everyMs: 20), Scenario.Tool("search", text: "whales"), Scenario.Say("And more.", chunks: 3)));
        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Answers).ToHaveTextAsync(["bold and code", "And more."]);
        await page.SendAsync(Scenario.Of(Scenario.Say("begun"), Scenario.Wait(60_000)));
        await Expect(page.Answers).ToHaveTextAsync(["bold and code", "And more.", "begun"]);
        await page.Stop.ClickAsync();
        await Expect(page.Endings).ToHaveTextAsync(["Stopped"]);

        var before = await page.Transcript.TextContentAsync();
        await page.Page.ReloadAsync();
        await Expect(page.Ended).ToHaveCountAsync(2);
        await Expect(page.Transcript).ToHaveTextAsync(before!);
        await Expect(page.Titles).ToHaveCountAsync(1);
        page.Complaints.Should().BeEmpty(server.Log);
    }
}
