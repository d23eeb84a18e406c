using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What can be done while a run is busy: wait, take back, join in, interrupt, approve.</summary>
public sealed class PageBusyTests(Chromium chromium) : BrowserTest(chromium)
{
    private const string Asked = """
        "run_id":"run_1","call_id":"call_1","tool":"send_mail","arguments":{"to":"<img src=x onerror=alert(1)>"},"arguments_digest":"sha256:1","expires_at":"2036-11-23T09:40:00.000Z"
        """;

    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    private ILocator Approval => Page.Runs.GetByRole(AriaRole.Region, new LocatorGetByRoleOptions { Name = "Approve “Send mail”?" });

    public override async ValueTask InitializeAsync()
    {
        _played = await PlayAsync();
        await _played.StartRunAsync();
    }

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_message_waits_in_sight_and_can_be_taken_back()
    {
        await Page.SendAsync("next");
        var chat = await Server.ExpectAsync("chat");
        chat["when_running"]!.GetValue<string>().Should().Be("queue");
        Server.Ack(chat["id"]!.GetValue<string>(), "accepted", "msg_2", 3);
        Server.Message(3, "msg_2", "next", chat["id"]!.GetValue<string>(), ""","when_running":"queue" """);
        await Expect(Page.Waiting).ToHaveTextAsync(["Nextnext"]);

        await Page.Waiting.GetByRole(AriaRole.Button).ClickAsync();
        var stop = await Server.ExpectAsync("stop");
        stop["message_id"]!.GetValue<string>().Should().Be("msg_2");
        Server.Ack(stop["id"]!.GetValue<string>(), "accepted", "msg_2", 4);
        Server.Event("message_removed", 4, """ "message_id":"msg_2" """);

        await Expect(Page.Waiting).ToHaveCountAsync(0);
        await Expect(Page.Box).ToHaveValueAsync("next");
        Server.Completed(5, "run_1", "Hello");
        await Expect(Page.Ended).ToHaveCountAsync(1);
        await Expect(Page.Texts).ToHaveTextAsync(["Hi"]);
    }

    [Theory]
    [InlineData("Steer", "steer")]
    [InlineData("Interrupt", "interrupt")]
    public async Task It_can_join_in_or_interrupt_and_the_next_one_waits_again(string choice, string word)
    {
        await Page.Box.FillAsync("now");
        await Page.Button("How to send while an answer is being written").ClickAsync();
        await Page.MenuItem(choice).ClickAsync();
        var chat = await Server.ExpectAsync("chat");
        chat["when_running"]!.GetValue<string>().Should().Be(word);
        Server.Ack(chat["id"]!.GetValue<string>(), "accepted", "msg_2", 3);
        Server.Message(3, "msg_2", "now", chat["id"]!.GetValue<string>(), $$""","when_running":"{{word}}" """);

        await Page.SendAsync("later");
        (await Server.ExpectAsync("chat"))["when_running"]!.GetValue<string>().Should().Be("queue");
    }

    [Fact]
    public async Task A_message_that_was_taken_in_stands_where_it_was()
    {
        Server.Event("agent_part", 3, """ "run_id":"run_1","part_id":"part_1","kind":"text","text":"before" """);
        Server.Message(4, "msg_2", "by the way", more: ""","when_running":"steer" """);
        Server.Event("message_steered", 5, """ "run_id":"run_1","message_id":"msg_2" """);
        Server.Completed(6, "run_1", "after", "part_2");

        await Expect(Page.Ended).ToHaveCountAsync(1);
        await Expect(Page.Transcript.Locator(".bubble, .content")).ToHaveTextAsync(["Hi", "before", "by the way", "after"]);
        await Expect(Page.Waiting).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task An_approval_shows_the_arguments_as_text_and_sends_one_decision_about_them()
    {
        Server.Event("approval_required", 3, Asked);
        await Expect(Approval).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Expect(Page.Runs.Locator("img")).ToHaveCountAsync(0);

        await Page.Button("Approve").DblClickAsync();
        var decide = await Server.ExpectAsync("decide");
        decide["arguments_digest"]!.GetValue<string>().Should().Be("sha256:1");
        decide["decision"]!.GetValue<string>().Should().Be("approve");
        await Expect(Page.Button("Reject")).ToBeDisabledAsync();
        Server.Ack(decide["id"]!.GetValue<string>());
        Server.Event("approval_decided", 4, $""" "run_id":"run_1","call_id":"call_1","decision":"approve","decided_by":"{Server.User}" """);

        await Expect(Approval).ToHaveCountAsync(0);
        await DecidedAsync("You approved");
        await Page.Stop.ClickAsync();
        await Server.ExpectAsync("stop"); // and no second decision before it
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task Who_is_too_late_sees_who_was_faster()
    {
        Server.Event("approval_required", 3, Asked);
        await Page.Button("Approve").ClickAsync();
        var decide = await Server.ExpectAsync("decide");
        Server.Refuse(decide, "already_decided", ""","decision":"reject","decided_by":"usr_other" """);
        await Expect(Approval).ToContainTextAsync("Already decided on another device");
        Server.Event("approval_decided", 4, """ "run_id":"run_1","call_id":"call_1","decision":"reject","decided_by":"usr_other" """);
        Server.Event("tool_completed", 5, """ "run_id":"run_1","call_id":"call_1","tool":"send_mail","outcome":"rejected","duration_ms":1 """);

        await Expect(Approval).ToHaveCountAsync(0);
        await Expect(Page.Work).ToHaveTextAsync(["Send mail was rejected"]);
        await DecidedAsync("Rejected by usr_other");
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task What_is_decided_without_a_connection_is_sent_once_and_what_expired_cannot_be_decided()
    {
        Server.Event("approval_required", 3, Asked);
        await Expect(Page.Button("Approve")).ToBeEnabledAsync();
        await Server.CloseAsync(1001);
        await Page.Button("Reject").ClickAsync();
        await Server.AcceptAsync();
        var decide = (await Server.ExpectAsync("decide", "follow"))[0];
        (decide["call_id"]!.GetValue<string>(), decide["decision"]!.GetValue<string>()).Should().Be(("call_1", "reject"));
        Server.CaughtUp(3);
        Server.Refuse(decide, "expired");
        await Expect(Approval).ToContainTextAsync("Too late");

        Server.Event("tool_completed", 4, """ "run_id":"run_1","call_id":"call_1","tool":"send_mail","outcome":"rejected","duration_ms":1 """);
        await Expect(Page.Button("Approve")).ToHaveCountAsync(0);
        await Expect(Page.Work).ToHaveTextAsync(["Send mail was rejected"]);
    }

    private async Task DecidedAsync(string words)
    {
        await Page.Work.ClickAsync();
        await Expect(Page.Runs.GetByRole(AriaRole.Listitem).First).ToContainTextAsync(words);
    }
}
