using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>A tool's result that is too large for its event, opened on the page.</summary>
public sealed class LargeResultPageTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task The_whole_result_is_fetched_when_asked_for_and_shown_in_parts()
    {
        var whole = string.Concat(Enumerable.Range(0, 6000).Select(number => $"line {number} 😀\n"));
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted with
        {
            Configuration = new Dictionary<string, string>(ServerSettings.Scripted.Configuration) { ["Runs:MaxToolBytes"] = "2000" },
        });
        await using var page = await chromium.OpenAsync(server.Http);
        (await page.IsConnectedAsync()).Should().BeTrue();
        await page.Page.GetByLabel("Agent").SelectOptionAsync(Scenario.Agent);
        await page.SendAsync(Scenario.Of(new { tool = "read", result = whole }, Scenario.Say("It is read.")));
        (await ChatPage.HasTextAsync(page.Runs.Locator(".text"), "It is read.")).Should().BeTrue();
        var tool = page.Runs.Locator(".tool");
        var shown = tool.Locator(".result");
        (await shown.TextContentAsync()).Should().StartWith("line 0 😀").And.Contain("characters are left out here").And.NotContain("line 3000 ");

        await tool.Locator("summary").ClickAsync();
        await tool.GetByRole(AriaRole.Button).ClickAsync();

        (await ChatPage.HasTextAsync(shown, "line 3000 ")).Should().BeTrue();
        var first = await shown.TextContentAsync();
        whole.Should().StartWith(first);
        first!.Length.Should().BeInRange(65_535, 65_536);
        await tool.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Show more" }).ClickAsync();
        (await ChatPage.HasTextAsync(shown, "line 5999 ")).Should().BeTrue();
        (await shown.TextContentAsync()).Should().Be(whole);
        (await tool.GetByRole(AriaRole.Button).CountAsync()).Should().Be(0);
        page.Complaints.Should().BeEmpty(server.Log);
    }
}
