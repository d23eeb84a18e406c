using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The first visit, with the agent that a new server has.</summary>
public sealed partial class VisitTests(Chromium chromium) : BrowserTest(chromium)
{
    [Fact]
    [Trait("failure", "B13")]
    public async Task The_page_loads_under_its_own_content_policy_and_signs_in_as_a_guest_whose_token_no_script_sees()
    {
        var server = await StartAsync(OverTls);
        var page = await OpenAsync(server);

        (await page.SessionAsync()).EnumerateObject().Select(member => member.Name).Should().BeEquivalentTo("n", "user", "expiresAt");
        var cookie = (await page.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        cookie.Name.Should().Be("__Host-chat_session");
        cookie.HttpOnly.Should().BeTrue();
        cookie.Secure.Should().BeTrue();
        (await page.Page.EvaluateAsync<string>("() => document.cookie")).Should().BeEmpty();
        (await page.Page.EvaluateAsync<string>("() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")).Should().NotContain(cookie.Value);
    }

    [Fact]
    public async Task Nothing_comes_from_elsewhere_and_nothing_can_be_made_markup()
    {
        var server = await StartAsync(OverTls);
        var page = await OpenAsync(server);
        var asked = new List<Uri>();
        page.Page.Request += (_, request) => asked.Add(new Uri(request.Url));
        page.Page.WebSocket += (_, socket) => asked.Add(new Uri(socket.Url));

        await page.Page.ReloadAsync();
        await page.ConnectedAsync();
        await page.SendAsync("What time is it in Tokyo?");
        await Expect(page.Ended).ToHaveCountAsync(1);

        asked.Should().NotBeEmpty().And.OnlyContain(uri => uri.Authority == server.Https.Authority);
        (await page.Page.EvaluateAsync<string>("""
            () => {
              const refused = [];
              const attempt = (name, work) => { try { work(); } catch (error) { refused.push(`${name} ${error.name}`); } };
              attempt("innerHTML", () => { document.createElement("div").innerHTML = "<b>x</b>"; });
              attempt("script", () => { document.createElement("script").src = "x.js"; });
              attempt("policy", () => { trustedTypes.createPolicy("another", {}); });
              return refused.join();
            }
            """)).Should().Be("innerHTML TypeError,script TypeError,policy TypeError");
        page.ForgetComplaints().Should().HaveCount(3).And.OnlyContain(complaint => complaint.Contains("rusted", StringComparison.Ordinal), "they are those of the three attempts");
    }

    [Fact]
    [Trait("failure", "B10")]
    public async Task Asked_for_the_time_in_Tokyo_the_demo_agent_calls_its_clock_and_answers()
    {
        var page = await OpenAsync(await StartAsync(OverTls));

        await page.SendAsync("What time is it in Tokyo?");

        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Texts).ToHaveTextAsync(["What time is it in Tokyo?"]);
        await Expect(page.Work).ToHaveTextAsync([Clock()]);
        await Expect(page.Answers.Last).ToContainTextAsync("Tokyo");
        await Expect(page.Endings).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("failure", "E11")]
    [Trait("failure", "E12")]
    [Trait("failure", "P1")]
    public async Task A_refresh_shows_the_same_conversation_again()
    {
        var page = await OpenAsync(await StartAsync(OverTls));
        await page.SendAsync("What time is it in Tokyo?");
        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Page.GetByText("Sending…")).ToHaveCountAsync(0);
        var before = await page.Transcript.TextContentAsync();

        await page.Page.ReloadAsync();

        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Transcript).ToHaveTextAsync(before!);
    }

    [Fact]
    public async Task What_looks_like_markup_stays_text_in_messages_and_in_answers()
    {
        var page = await OpenAsync(await StartAsync(Scripted));
        await page.ChooseAgentAsync(Scenario.Agent);
        const string markup = "<img src=x onerror=\"document.title='taken'\"><b>bold</b><script>document.title='taken'</script>";
        var message = Scenario.Of(Scenario.Say($"{markup}\n\n![picture](https://elsewhere.example/x.png) [link](javascript:document.title='taken')", chunks: 9));

        await page.SendAsync(message);

        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Texts).ToHaveTextAsync([message]);
        await Expect(page.Answers.Last).ToContainTextAsync("onerror=\"document.title='taken'\"");
        await Expect(page.Transcript.Locator("img, .bubble b, .content b, script, a[href^='javascript:']")).ToHaveCountAsync(0);
        (await page.Page.TitleAsync()).Should().NotContain("taken");
    }

    [GeneratedRegex("^Used clock")]
    private static partial Regex Clock();
}
