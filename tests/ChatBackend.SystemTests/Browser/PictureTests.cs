using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>README's picture of the page: taken of the server as it starts, of a conversation with its demo agent. <c>tests/picture</c> takes it again.</summary>
public sealed class PictureTests(Chromium chromium) : BrowserTest(chromium)
{
    private const int MaxBytes = 200 * 1024;

    [Fact]
    public async Task The_page_shows_a_conversation_with_tool_calls_and_so_does_the_picture_in_README()
    {
        var page = await OpenAsync(await StartAsync(OverTls));
        await page.Page.SetViewportSizeAsync(1200, 860);
        await page.SendAsync("What time is it in Tokyo?");
        await Expect(page.Ended).ToHaveCountAsync(1);
        await page.SendAsync("What is (1240 - 85) * 1.19?");
        await Expect(page.Ended).ToHaveCountAsync(2);
        await Expect(page.Work).ToHaveCountAsync(2);
        // Its title comes with the end of the answer.
        await Expect(page.Titles).Not.ToHaveTextAsync(["New chat"]);

        await page.Work.Last.ClickAsync();
        var picture = await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Environment.GetEnvironmentVariable("CHAT_PICTURE") });

        picture.Should().HaveCountLessThan(MaxBytes);
    }
}
