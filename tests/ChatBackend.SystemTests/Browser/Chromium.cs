using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The system's Chromium without a window. Shared by the tests of a class; each takes its own page.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        // Else a service worker is refused under the server's own certificate, whatever its page is allowed.
        "--ignore-certificate-errors",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)ServerProcess.Deadline.TotalMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = Arguments,
        });
    }

    /// <summary>A page of a new profile: no cookie, no storage.</summary>
    internal async Task<ChatPage> OpenAsync(Uri address)
    {
        var page = await NewPageAsync(ServiceWorkerPolicy.Allow);
        await page.Page.GotoAsync(address.ToString());
        return page;
    }

    /// <param name="workers">What a service worker asks for cannot be played by a test.</param>
    internal async Task<ChatPage> NewPageAsync(ServiceWorkerPolicy workers)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { IgnoreHTTPSErrors = true, ServiceWorkers = workers, Locale = "en-GB" });
        return new ChatPage(await context.NewPageAsync());
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
