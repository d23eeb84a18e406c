using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The system's Firefox without a window, driven by WebDriver BiDi: Playwright's other way needs a Firefox that was changed for it.</summary>
public sealed class Firefox : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)ServerProcess.Deadline.TotalMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Firefox.LaunchAsync(new BrowserTypeLaunchOptions { Channel = "moz-firefox", ExecutablePath = "/usr/bin/firefox" });
    }

    /// <summary>A page of a new profile: no cookie, no storage.</summary>
    internal async Task<ChatPage> OpenAsync(Uri address)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { IgnoreHTTPSErrors = true });
        var page = new ChatPage(await context.NewPageAsync());
        await page.Page.GotoAsync(address.ToString());
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }
}
