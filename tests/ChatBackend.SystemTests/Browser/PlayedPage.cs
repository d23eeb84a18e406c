namespace ChatBackend.SystemTests.Browser;

/// <summary>The page, its files from the real server and everything else from a played one.</summary>
internal sealed class PlayedPage : IAsyncDisposable
{
    private readonly ServerProcess _files;

    private PlayedPage(ServerProcess files, ChatPage page, PlayedServer server) => (_files, Page, Server) = (files, page, server);

    public ChatPage Page { get; }

    public PlayedServer Server { get; }

    public static async Task<PlayedPage> OpenAsync(Chromium chromium, string hash = "")
    {
        var files = await ServerProcess.StartAsync();
        var page = await chromium.OpenAsync(new Uri("about:blank"));
        var played = new PlayedPage(files, page, await PlayedServer.OnAsync(page.Page));
        await page.Page.GotoAsync(files.Http + hash);
        await played.Server.AcceptAsync();
        (await page.IsConnectedAsync()).Should().BeTrue();
        return played;
    }

    /// <summary>A thread <c>thr_1</c> with the message <c>msg_1</c>, which <c>run_1</c> has begun to answer.</summary>
    public async Task StartRunAsync()
    {
        await Page.SendAsync("Hi");
        var id = (await Server.ExpectAsync("chat"))["id"]!.GetValue<string>();
        Server.Ack(id);
        Server.Message(1, "msg_1", "Hi", id);
        Server.Started(2, "run_1", "msg_1");
        (await ChatPage.HasTextAsync(Page.Runs, "demo")).Should().BeTrue();
    }

    /// <summary>The page again, as after a refresh.</summary>
    public async Task ReloadAsync()
    {
        await Page.Page.ReloadAsync();
        await Server.AcceptAsync();
        (await Page.IsConnectedAsync()).Should().BeTrue();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Page.Complaints.Should().BeEmpty();
        }
        finally
        {
            await Page.DisposeAsync();
            await _files.DisposeAsync();
        }
    }
}
