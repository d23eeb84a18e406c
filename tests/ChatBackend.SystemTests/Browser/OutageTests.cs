using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The network, the machine or the server goes away in the middle of an answer: nothing is lost, and nothing on the screen shrinks without a word.</summary>
public sealed class OutageTests(Chromium chromium) : BrowserTest(chromium)
{
    // Keeps in the page how long the transcript ever was, and whether it has been shorter since.
    private const string Watch = """
        () => {
          const transcript = document.querySelector("[role=region][aria-label=Messages]");
          window.longest = 0;
          window.shrank = [];
          const look = () => {
            const length = [...transcript.querySelectorAll(".content")].map(text => text.textContent).join("").length;
            if (length < window.longest) { window.shrank.push(`${window.longest} to ${length}: ${transcript.textContent.includes("was lost")}`); }
            window.longest = Math.max(window.longest, length);
          };
          new MutationObserver(look).observe(transcript, { subtree: true, childList: true, characterData: true });
          look();
        }
        """;

    [Fact]
    [Trait("failure", "P13")]
    public async Task What_is_written_and_sent_while_the_network_is_away_arrives_once_and_in_order()
    {
        var page = await ScriptedAsync(Scripted);
        page.MayBeCutOff = true;
        var answer = string.Concat(Enumerable.Range(0, 40).Select(number => $"word {number} "));
        await page.SendAsync(Scenario.Of(Scenario.Say(answer, chunks: 40, everyMs: 25)));
        await Expect(page.Answers).ToContainTextAsync("word 1");

        await page.Page.Context.SetOfflineAsync(true);
        await Expect(page.Connection).ToContainTextAsync("You are offline");
        await page.SendAsync(Scenario.Of(Scenario.Say("to the first")));
        await page.SendAsync(Scenario.Of(Scenario.Say("to the second")));
        await page.Box.PressSequentiallyAsync("half a thou");
        await page.Page.Context.SetOfflineAsync(false);

        await Expect(page.Ended).ToHaveCountAsync(3);
        await Expect(page.Answers).ToHaveTextAsync([answer, "to the first", "to the second"]);
        await Expect(page.Messages).ToHaveCountAsync(3);
        await Expect(page.Box).ToHaveValueAsync("half a thou");
        await Expect(page.Connection).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task When_the_server_is_killed_in_the_middle_of_an_answer_nothing_shrinks_without_a_word()
    {
        using var data = new TestDirectory();
        var server = await StartAsync(Scripted with { DataDirectory = data.Path });
        var page = await ScriptedAsync(server);
        page.MayBeCutOff = true;
        var answer = string.Concat(Enumerable.Range(0, 4000).Select(number => $"word {number} "));
        await page.SendAsync(Scenario.Of(Scenario.Say(answer, chunks: 2000, everyMs: 5)));
        await page.Page.EvaluateAsync(Watch);
        await Expect(page.Answers).ToContainTextAsync("word 300");
        var seen = await page.Answers.TextContentAsync();

        await server.KillAsync();
        await StartAsync(server.Successor);

        await Expect(page.Ended).ToHaveCountAsync(1);
        await Expect(page.Endings.Last).ToBeVisibleAsync();
        var after = await page.Answers.TextContentAsync();
        (after!.Length >= seen!.Length || (await page.Endings.AllTextContentsAsync()).Any(words => words.Contains("was lost", StringComparison.Ordinal))).Should().BeTrue(
            "{0} characters were seen and {1} are", seen.Length, after.Length);
        answer.Should().StartWith(after.Trim());
        (await page.Page.EvaluateAsync<string[]>("() => window.shrank")).Should().NotContain(line => line.EndsWith("false", StringComparison.Ordinal));
        await page.SendAsync(Scenario.Of(Scenario.Say("It goes on.")));
        await Expect(page.Answers.Last).ToHaveTextAsync("It goes on.");
    }

    [Fact]
    public async Task A_page_that_was_frozen_for_ten_minutes_shows_what_happened_meanwhile()
    {
        var server = await StartAsync(Scripted);
        var page = await ScriptedAsync(server);
        page.MayBeCutOff = true;
        var other = await OpenTabAsync(page);
        await page.SendAsync(Scenario.Of(Scenario.Say("first")));
        await Expect(page.Ended).ToHaveCountAsync(1);
        await page.Page.Clock.InstallAsync();
        await other.Page.GotoAsync(page.Page.Url);
        await Expect(other.Ended).ToHaveCountAsync(1);

        var browser = await page.Page.Context.NewCDPSessionAsync(page.Page);
        await browser.SendAsync("Page.setWebLifecycleState", new Dictionary<string, object> { ["state"] = "frozen" });
        await other.SendAsync(Scenario.Of(Scenario.Say("meanwhile")));
        await Expect(other.Ended).ToHaveCountAsync(2);
        await browser.SendAsync("Page.setWebLifecycleState", new Dictionary<string, object> { ["state"] = "active" });
        await page.Page.Clock.FastForwardAsync("10:00");

        await Expect(page.Answers).ToHaveTextAsync(["first", "meanwhile"]);
        await page.SendAsync(Scenario.Of(Scenario.Say("awake")));
        await Expect(other.Answers).ToHaveTextAsync(["first", "meanwhile", "awake"]);
    }

    private async Task<ChatPage> ScriptedAsync(ServerSettings settings) => await ScriptedAsync(await StartAsync(settings));

    private async Task<ChatPage> ScriptedAsync(ServerProcess server)
    {
        var page = await OpenAsync(server);
        await page.ChooseAgentAsync(Scenario.Agent);
        return page;
    }
}
