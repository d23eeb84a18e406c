using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>Opens pages over TLS, as people do. None of them may complain in any test: no error of a script, no violation of the content policy.</summary>
public abstract class BrowserTest(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private readonly List<ChatPage> _pages = [];
    private readonly List<ServerProcess> _servers = [];

    internal static ServerSettings OverTls { get; } = new() { Urls = "https://127.0.0.1:0" };

    internal static ServerSettings Scripted { get; } = ServerSettings.Scripted with { Urls = "https://127.0.0.1:0" };

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        var complaints = _pages.SelectMany(page => page.Complaints).ToList();
        foreach (var page in _pages)
        {
            await page.DisposeAsync();
        }

        var logs = string.Join('\n', _servers.Select(server => server.Log));
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        GC.SuppressFinalize(this);
        complaints.Should().BeEmpty(logs);
    }

    internal async Task<ServerProcess> StartAsync(ServerSettings settings)
    {
        var server = await ServerProcess.StartAsync(settings);
        _servers.Add(server);
        return server;
    }

    /// <summary>A page of somebody new, connected.</summary>
    internal async Task<ChatPage> OpenAsync(ServerProcess server, string hash = "")
    {
        var page = await chromium.OpenAsync(new Uri(server.Https, hash));
        _pages.Add(page);
        await page.ConnectedAsync();
        return page;
    }

    /// <summary>Another tab of the same browser, at the same place.</summary>
    internal async Task<ChatPage> OpenTabAsync(ChatPage beside)
    {
        var page = new ChatPage(await beside.Page.Context.NewPageAsync());
        _pages.Add(page);
        await page.Page.GotoAsync(beside.Page.Url);
        return page;
    }

    internal async Task<PlayedPage> PlayAsync(string hash = "")
    {
        var files = await StartAsync(OverTls);
        var page = await chromium.NewPageAsync(ServiceWorkerPolicy.Block);
        _pages.Add(page);
        return await PlayedPage.OpenAsync(page, new Uri(files.Https, hash));
    }
}
