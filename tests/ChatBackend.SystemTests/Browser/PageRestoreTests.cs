using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page when the server's log was put back, when a thread was deleted, and when the user changes: two histories and two users are never mixed, and what was written stays in sight.</summary>
public sealed class PageRestoreTests(Chromium chromium) : BrowserTest(chromium)
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public override async ValueTask InitializeAsync() => _played = await PlayAsync("#/t/thr_1");

    [Fact]
    [Trait("failure", "Q17")]
    public async Task A_cursor_of_another_history_reloads_the_conversation_and_says_so()
    {
        await OldHistoryAsync();
        var follow = await ReconnectAsync();
        (follow["after_seq"]!.GetValue<long>(), follow["after_at"]!.GetValue<string>()).Should().Be((3, "2026-11-23T09:30:00.000Z"));
        Server.Refuse(follow, "stale_cursor", ""","history_begins_at":1""");
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q17")]
    public async Task A_head_behind_what_is_shown_reloads_the_conversation_too()
    {
        await OldHistoryAsync();
        await ReconnectAsync();
        Server.CaughtUp(1, "log_2");
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q17")]
    public async Task Events_that_arrive_before_the_server_was_asked_about_the_cursor_are_not_added_to_it()
    {
        await OldHistoryAsync();
        var follow = await ReconnectAsync();
        Server.Refuse(follow, "unavailable", ""","retry_after_ms":500""");
        Server.Message(4, "msg_9", "new 4"); // looks like the next one
        follow = await Server.ExpectAsync("follow");
        follow["after_seq"]!.GetValue<long>().Should().Be(3);
        Server.Refuse(follow, "stale_cursor", ""","history_begins_at":1""");
        await NewHistoryAsync();
    }

    [Fact]
    [Trait("failure", "Q15")]
    public async Task A_message_for_a_thread_that_was_deleted_stays_with_its_error_also_after_a_reload()
    {
        await OldHistoryAsync();
        await Server.CloseAsync(1001);
        await Page.SendAsync("unsent");
        await Expect(Page.Messages).ToHaveCountAsync(4);
        Server.Head = -1;
        await Server.AcceptAsync();
        var frames = await Server.ExpectAsync("follow", "chat");
        Server.Refuse(frames[0], "not_found");
        Server.Refuse(frames[1], "not_found");

        await Expect(Page.Page.GetByText("Not sent: It was refused.")).ToBeVisibleAsync();
        await Expect(Page.Texts).ToHaveTextAsync(["unsent"]);
        await ReloadAsync();
        await Expect(Page.Texts).ToHaveTextAsync(["unsent"]);
        await Expect(Page.Page.GetByText("Not sent: It was refused.")).ToBeVisibleAsync();
        await Page.Button("Discard").ClickAsync();
        await Expect(Page.Texts).ToHaveCountAsync(0);
        await ReloadAsync();
        await Expect(Page.Texts).ToHaveCountAsync(0);
        Page.ForgetComplaints().Should().OnlyContain(line => line.Contains("404", StringComparison.Ordinal) && line.Contains("/api/threads/thr_1", StringComparison.Ordinal));

        async Task ReloadAsync()
        {
            await Page.Page.ReloadAsync(); // to a thread that is not there: nothing can be written in it
            await Server.AcceptAsync();
        }
    }

    [Fact]
    [Trait("failure", "Q15")]
    public async Task When_the_cookie_becomes_another_users_nothing_of_the_first_user_is_sent_or_shown_as_theirs()
    {
        await OldHistoryAsync();
        await Page.SendAsync("of the first user");
        var sent = await Server.ExpectAsync("chat");
        await Page.Box.FillAsync("draft of the first user");

        Server.User = "usr_second";
        Server.Head = -1;
        await Server.CloseAsync(1001);
        await Server.AcceptAsync();
        Server.Refuse(await Server.ExpectAsync("follow"), "not_found");
        await Expect(Page.Messages).ToHaveCountAsync(0);
        await Page.Threads.GetByRole(AriaRole.Button, new() { Name = "New chat" }).First.ClickAsync();
        await Expect(Page.Box).ToHaveValueAsync("");
        await Page.SendAsync("of the second user");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("of the second user");

        Server.User = "usr_1";
        Server.Head = 3;
        await Server.CloseAsync(1001);
        await Server.AcceptAsync();
        (await Server.ExpectAsync("chat")).ToJsonString().Should().Be(sent.ToJsonString(), "its user is back");
        await Expect(Page.Page.GetByText("of the second user")).ToHaveCountAsync(0);
    }

    private async Task OldHistoryAsync()
    {
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "old 1");
        Server.Message(2, "msg_2", "old 2");
        Server.Message(3, "msg_3", "old 3");
        Server.CaughtUp(3);
        await Expect(Page.Messages).ToHaveCountAsync(3);
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

        Server.CaughtUp(4, "log_2");
        await Expect(Page.Texts).ToHaveTextAsync(["new 1", "new 2", "new 3", "new 4"]);
        await Expect(Page.Transcript).ToContainTextAsync("The server was restored from a backup; the conversation was read again.");
    }
}
