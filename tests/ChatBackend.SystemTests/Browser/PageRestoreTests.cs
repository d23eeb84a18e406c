using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page when the server's log was put back, when a thread was deleted, and when the user changes: two histories and two users are never mixed, and what was written stays in sight.</summary>
public sealed class PageRestoreTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Restored = "The server was restored from a backup; this conversation was reloaded.";

    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public async ValueTask InitializeAsync() => _played = await PlayedPage.OpenAsync(chromium, "#thr_1");

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    [Trait("failure", "Q17")]
    public async Task A_cursor_of_another_history_reloads_the_conversation_and_says_so()
    {
        await OldHistoryAsync();
        var follow = await ReconnectAsync();
        (follow["after_seq"]!.GetValue<long>(), follow["after_at"]!.GetValue<string>()).Should().Be((3, "2026-11-23T09:30:00.000Z"));
        Server.Refuse(follow["id"]!.GetValue<string>(), "stale_cursor", ""","history_begins_at":1""");
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q17")]
    public async Task A_head_behind_what_is_shown_reloads_the_conversation_too()
    {
        await OldHistoryAsync();
        await ReconnectAsync();
        Server.CaughtUp(1);
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q17")]
    public async Task Events_that_arrive_before_the_server_was_asked_about_the_cursor_are_not_added_to_it()
    {
        await OldHistoryAsync();
        var follow = await ReconnectAsync();
        Server.Refuse(follow["id"]!.GetValue<string>(), "unavailable", ""","retry_after_ms":500""");
        Server.Message(4, "msg_9", "new 4"); // looks like the next one
        follow = await Server.ExpectAsync("follow");
        follow["after_seq"]!.GetValue<long>().Should().Be(3);
        Server.Refuse(follow["id"]!.GetValue<string>(), "stale_cursor", ""","history_begins_at":1""");
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q15")]
    public async Task A_message_for_a_thread_that_was_deleted_stays_with_its_error_also_after_a_reload()
    {
        await OldHistoryAsync();
        await Server.CloseAsync(1001);
        (await ChatPage.HasTextAsync(Page.Connection, "Connect")).Should().BeTrue();
        await Page.SendAsync("unsent");
        await Server.AcceptAsync();
        Server.Refuse((await Server.ExpectAsync("follow"))["id"]!.GetValue<string>(), "not_found");
        Server.Refuse((await Server.ExpectAsync("chat"))["id"]!.GetValue<string>(), "not_found");

        (await ChatPage.HasTextAsync(Page.Waiting.Locator(".note"), "Not sent: It was refused.")).Should().BeTrue();
        (await Page.Messages.CountAsync()).Should().Be(0, "what was shown is not there any more");
        await _played.ReloadAsync();
        Server.Refuse((await Server.ExpectAsync("follow"))["id"]!.GetValue<string>(), "not_found");
        (await ChatPage.HasTextAsync(Page.Waiting, "unsent")).Should().BeTrue();
        (await ChatPage.HasTextAsync(Page.Waiting.Locator(".note"), "Not sent: It was refused.")).Should().BeTrue();
        await Page.Button("Put back").ClickAsync();
        (await Page.Box.InputValueAsync()).Should().Be("unsent");
        await _played.ReloadAsync();
        (await Page.Waiting.CountAsync()).Should().Be(0, "it was taken back");
    }

    [Fact]
    [Trait("failure", "Q15")]
    public async Task When_another_tab_signs_in_as_another_user_nothing_of_the_first_user_is_sent_or_shown_as_theirs()
    {
        await OldHistoryAsync();
        await Page.SendAsync("of the first user");
        var sent = await Server.ExpectAsync("chat");
        await Page.Box.FillAsync("draft of the first user");
        var first = await Page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')");
        var tab = await Page.Page.Context.NewPageAsync();
        await tab.RouteAsync("**/*", route => route.FulfillAsync(new RouteFulfillOptions { Body = "another tab", ContentType = "text/plain" }));
        await tab.GotoAsync(new Uri(Page.Page.Url).GetLeftPart(UriPartial.Authority));

        await SignInAsync(tab, """{"user_id":"usr_second","expires_at":"2999-01-01T00:00:00.000Z"}""");
        await Server.AcceptAsync();
        (await Page.IsConnectedAsync()).Should().BeTrue();
        (await ChatPage.AreAsync(Page.Messages, 0)).Should().BeTrue();
        (await Page.Waiting.CountAsync()).Should().Be(0);
        (await Page.Box.InputValueAsync()).Should().BeEmpty();
        await Page.SendAsync("of the second user");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("of the second user");

        await SignInAsync(tab, first);
        await Server.AcceptAsync();
        (await Server.ExpectAsync("chat")).ToJsonString().Should().Be(sent.ToJsonString(), "its user is back");
        (await Page.Box.InputValueAsync()).Should().BeEmpty("the draft is of the thread");
    }

    private static async Task SignInAsync(IPage tab, string session) => await tab.EvaluateAsync("session => localStorage.setItem('chat.session', session)", session);

    private async Task OldHistoryAsync()
    {
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "old 1");
        Server.Message(2, "msg_2", "old 2");
        Server.Message(3, "msg_3", "old 3");
        Server.CaughtUp(3);
        (await ChatPage.AreAsync(Page.Messages, 3)).Should().BeTrue();
    }

    private async Task<JsonNode> ReconnectAsync()
    {
        await Server.CloseAsync(1001);
        await Server.AcceptAsync();
        return await Server.ExpectAsync("follow");
    }

    private async Task NewHistoryAsync()
    {
        var again = await Server.ExpectAsync("follow");
        again["after_seq"]!.GetValue<long>().Should().Be(0);
        again.AsObject().ContainsKey("after_at").Should().BeFalse();
        for (var seq = 1; seq <= 4; seq++)
        {
            Server.Message(seq, $"msg_n{seq}", $"new {seq}");
        }

        Server.CaughtUp(4);
        (await ChatPage.AreAsync(Page.Messages, 4)).Should().BeTrue();
        (await Page.Texts.AllTextContentsAsync()).Should().Equal("new 1", "new 2", "new 3", "new 4");
        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Log), Restored)).Should().BeTrue();
    }
}
