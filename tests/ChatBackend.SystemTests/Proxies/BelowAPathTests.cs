using ChatBackend.SystemTests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Proxies;

/// <summary>The server below <c>/assistant</c> behind nginx, as people use it in a browser.</summary>
[Trait("failure", "Q18")]
public sealed class BelowAPathTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Kept = $"location /assistant {{ proxy_pass {{upstream}}; {Nginx.Headers} }}";
    private const string TakenOut = $"location /assistant/ {{ proxy_pass {{upstream}}/; {Nginx.Headers} proxy_set_header X-Forwarded-Prefix /assistant; }}";

    [Theory]
    [InlineData(Kept, "PathBase", "/assistant")]
    [InlineData(TakenOut, "ForwardedHeaders:KnownProxies", "127.0.0.1")]
    public async Task Page_socket_http_export_and_cookie_work_below_the_path_and_nothing_is_asked_for_beside_it(string location, string setting, string value)
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings { Configuration = new Dictionary<string, string> { [setting] = value } });
        await using var nginx = await Nginx.StartAsync(server.Http, location);
        await using var page = await chromium.OpenAsync(new Uri(nginx.Address, "/assistant/"));
        var asked = new List<string>();
        page.Page.Request += (_, request) => asked.Add(new Uri(request.Url).AbsolutePath);
        page.Page.WebSocket += (_, socket) => asked.Add(new Uri(socket.Url).AbsolutePath);
        await page.Page.ReloadAsync();
        await page.ConnectedAsync();

        await page.SendAsync("What time is it in Tokyo?");

        await Expect(page.Ended).ToHaveCountAsync(1);
        var cookie = (await page.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        (cookie.Name, cookie.Path).Should().Be(("chat_session", "/assistant"));
        asked.Should().Contain("/assistant/ws").And.Contain("/assistant/api/agents").And.OnlyContain(path => path.StartsWith("/assistant/", StringComparison.Ordinal));
        var thread = page.ThreadId;
        var export = await page.Page.Context.APIRequest.GetAsync(new Uri(nginx.Address, $"/assistant/api/threads/{thread}/export?format=markdown").ToString());
        export.Status.Should().Be(200);
        (await export.TextAsync()).Should().Contain("What time is it in Tokyo?");
        var created = await page.Page.Context.APIRequest.PostAsync(
            new Uri(nginx.Address, "/assistant/api/threads").ToString(), new APIRequestContextOptions { Headers = [new("Origin", nginx.Address.GetLeftPart(UriPartial.Authority))] });
        created.Headers["location"].Should().StartWith("/assistant/api/threads/");
        page.Complaints.Should().BeEmpty();
    }
}
