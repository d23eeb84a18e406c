using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>A tool's result that is too large for its event, opened on the page.</summary>
public sealed class LargeResultPageTests(Chromium chromium) : BrowserTest(chromium)
{
    [Fact]
    public async Task The_whole_result_is_fetched_when_asked_for()
    {
        var whole = string.Concat(Enumerable.Range(0, 6000).Select(number => $"line {number} 😀\n"));
        var page = await OpenAsync(await StartAsync(Scripted with
        {
            Configuration = new Dictionary<string, string>(Scripted.Configuration) { ["Runs:MaxToolBytes"] = "2000" },
        }));
        await page.ChooseAgentAsync(Scenario.Agent);
        await page.SendAsync(Scenario.Of(new { tool = "read", result = whole }, Scenario.Say("It is read.")));
        await Expect(page.Answers).ToHaveTextAsync(["It is read."]);

        await page.Work.ClickAsync();
        await page.Button("Details").ClickAsync();
        var shown = page.Runs.Locator("pre");
        await Expect(shown).ToContainTextAsync("characters are left out here");
        (await shown.TextContentAsync()).Should().StartWith("line 0 😀").And.NotContain("line 3000 ");
        await page.Runs.GetByRole(AriaRole.Button, new() { NameRegex = new("^Show the whole result") }).ClickAsync();

        await Expect(shown).ToHaveCountAsync(2);
        (await shown.Last.TextContentAsync()).Should().Be(whole);
    }
}
