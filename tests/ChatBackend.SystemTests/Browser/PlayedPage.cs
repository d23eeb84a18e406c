using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page, its files from the real server and everything else from a played one.</summary>
internal sealed class PlayedPage
{
    private PlayedPage(ChatPage page, PlayedServer server) => (Page, Server) = (page, server);

    public ChatPage Page { get; }

    public PlayedServer Server { get; }

    public static async Task<PlayedPage> OpenAsync(ChatPage page, Uri address)
    {
        var played = new PlayedPage(page, await PlayedServer.OnAsync(page.Page));
        await page.Page.GotoAsync(address.ToString());
        await played.Server.AcceptAsync();
        await page.ConnectedAsync();
        return played;
    }

    /// <summary>A thread <c>thr_1</c> with the message <c>msg_1</c>, which <c>run_1</c> has begun to answer.</summary>
    public async Task StartRunAsync()
    {
        await Page.SendAsync("Hi");
        var id = (await Server.ExpectAsync("chat"))["id"]!.GetValue<string>();
        Server.Ack(id);
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "Hi", id);
        Server.Started(2, "run_1", "msg_1");
        Server.CaughtUp(2);
        await Expect(Page.Stop).ToBeVisibleAsync();
    }

    /// <summary>The page again, as after a refresh.</summary>
    public async Task ReloadAsync()
    {
        await Page.Page.ReloadAsync();
        await Server.AcceptAsync();
        await Page.ConnectedAsync();
    }
}
