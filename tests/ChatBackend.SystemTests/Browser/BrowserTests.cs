using System.Text.Json;
using System.Text.RegularExpressions;

namespace ChatBackend.SystemTests.Browser;

public sealed class BrowserTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly ServerSettings OverTls = new() { Urls = "https://127.0.0.1:0" };

    [Fact]
    public async Task The_page_loads_under_its_own_content_policy_and_signs_in_as_a_guest()
    {
        await using var server = await ServerProcess.StartAsync(OverTls);
        await using var page = await chromium.OpenAsync(server.Https);

        await page.Page.WaitForFunctionAsync("() => localStorage.getItem('chat.session') !== null");
        var kept = JsonDocument.Parse(await page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')")).RootElement;
        kept.EnumerateObject().Select(member => member.Name).Should().Equal("user_id", "expires_at");

        var cookie = (await page.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        cookie.Name.Should().Be("__Host-chat_session");
        cookie.HttpOnly.Should().BeTrue();
        cookie.Secure.Should().BeTrue();
        (await page.Page.EvaluateAsync<string>("() => document.cookie")).Should().BeEmpty();
        page.Complaints.Should().NotContain(complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("failure", "B10")]
    public async Task Asked_for_the_time_in_Tokyo_the_demo_agent_calls_its_clock_and_answers()
    {
        await using var server = await ServerProcess.StartAsync(OverTls);
        await using var page = await chromium.OpenAsync(server.Https);
        (await page.IsConnectedAsync()).Should().BeTrue();

        await page.SendAsync("What time is it in Tokyo?");

        (await ChatPage.HasTextAsync(page.Runs.Locator(".state"), "Completed")).Should().BeTrue(server.Log);
        (await page.Texts.AllTextContentsAsync()).Should().Equal("What time is it in Tokyo?");
        (await page.Messages.First.GetAttributeAsync("data-state")).Should().Be("delivered");
        var tool = page.Runs.Locator(".tool");
        (await tool.CountAsync()).Should().Be(1);
        (await tool.GetAttributeAsync("data-outcome")).Should().Be("succeeded");
        (await page.Runs.Locator(".text").Last.TextContentAsync()).Should().MatchRegex(new Regex("Tokyo", RegexOptions.IgnoreCase));
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "E11")]
    [Trait("failure", "P1")]
    public async Task A_refresh_shows_the_same_conversation_again()
    {
        await using var server = await ServerProcess.StartAsync(OverTls);
        await using var page = await chromium.OpenAsync(server.Https);
        (await page.IsConnectedAsync()).Should().BeTrue();
        await page.SendAsync("What time is it in Tokyo?");
        (await ChatPage.HasTextAsync(page.Runs.Locator(".state"), "Completed")).Should().BeTrue(server.Log);
        var before = await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Log).TextContentAsync();

        await page.Page.ReloadAsync();

        (await ChatPage.HasTextAsync(page.Runs.Locator(".state"), "Completed")).Should().BeTrue(server.Log);
        await ChatPage.ShouldReadAsync(page.Page.GetByRole(Microsoft.Playwright.AriaRole.Log), before!);
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task What_looks_like_markup_stays_text()
    {
        await using var server = await ServerProcess.StartAsync(OverTls);
        await using var page = await chromium.OpenAsync(server.Https);
        (await page.IsConnectedAsync()).Should().BeTrue();
        const string markup = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>";

        await page.SendAsync(markup);

        (await ChatPage.HasTextAsync(page.Runs.Locator(".state"), "Completed")).Should().BeTrue(server.Log);
        (await page.Texts.AllTextContentsAsync()).Should().Equal(markup);
        (await page.Page.Locator(".conversation img, .conversation .user b").CountAsync()).Should().Be(0);
        page.Complaints.Should().BeEmpty();
    }
}
