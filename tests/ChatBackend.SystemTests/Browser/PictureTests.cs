using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>README's picture of the page: taken of the server as it starts, of a conversation with its demo agent. <c>tests/picture</c> takes it again.</summary>
public sealed class PictureTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const int MaxBytes = 200 * 1024;

    [Fact]
    public async Task The_page_shows_a_conversation_with_tool_calls_and_so_does_the_picture_in_README()
    {
        await using var server = await ServerProcess.StartAsync();
        await using var page = await chromium.OpenAsync(server.Http);
        (await page.IsConnectedAsync()).Should().BeTrue();
        await page.Page.SetViewportSizeAsync(1000, 860);
        foreach (var (question, number) in new[] { ("What time is it in Tokyo?", 1), ("What is (1240 - 85) * 1.19?", 2) })
        {
            await page.SendAsync(question);
            (await ChatPage.AreAsync(page.Runs.Locator(".state").Filter(new() { HasText = "Completed" }), number)).Should().BeTrue();
            (await ChatPage.AreAsync(page.Runs.Locator(".tool summary"), number)).Should().BeTrue();
        }

        await page.Runs.Locator(".tool summary").Last.ClickAsync();
        var picture = await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Environment.GetEnvironmentVariable("CHAT_PICTURE") });

        picture.Should().HaveCountLessThan(MaxBytes);
        page.Complaints.Should().BeEmpty();
    }
}
