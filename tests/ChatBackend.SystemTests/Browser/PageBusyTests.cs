using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What can be done while a run is busy: wait, take back, join in, interrupt, approve.</summary>
public sealed class PageBusyTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Asked = """
        "run_id":"run_1","call_id":"call_1","tool":"send_mail","arguments":{"to":"<img src=x onerror=alert(1)>"},"arguments_digest":"sha256:1","expires_at":"2036-11-23T09:40:00.000Z"
        """;

    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public async ValueTask InitializeAsync()
    {
        _played = await PlayedPage.OpenAsync(chromium);
        await _played.StartRunAsync();
    }

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    [Trait("failure", "P10")]
    public async Task A_message_waits_in_sight_and_can_be_taken_back()
    {
        await Page.SendAsync("next");
        var chat = await Server.ExpectAsync("chat");
        chat["when_running"]!.GetValue<string>().Should().Be("queue");
        Server.Ack(chat["id"]!.GetValue<string>(), "accepted", "msg_2");
        Server.Message(3, "msg_2", "next", chat["id"]!.GetValue<string>(), ""","when_running":"queue" """);
        (await ChatPage.HasTextAsync(Page.Waiting.Locator(".note"), "Waits until the answer is complete")).Should().BeTrue();

        await Page.Button("Remove the waiting message: next").ClickAsync();
        var stop = await Server.ExpectAsync("stop");
        stop["message_id"]!.GetValue<string>().Should().Be("msg_2");
        Server.Ack(stop["id"]!.GetValue<string>(), "accepted", "msg_2");
        Server.Event("message_removed", 4, """ "message_id":"msg_2" """);

        (await ChatPage.HasTextAsync(Page.Page.Locator("li.removed"), "A message was taken back")).Should().BeTrue();
        (await Page.Waiting.CountAsync()).Should().Be(0);
        Server.Completed(5, "run_1", "Hello");
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
    }

    [Theory]
    [InlineData("Steer", "steer")]
    [InlineData("Interrupt", "interrupt")]
    public async Task It_can_join_in_or_interrupt_and_the_next_one_waits_again(string choice, string word)
    {
        await Page.Page.GetByText(choice, new PageGetByTextOptions { Exact = true }).ClickAsync();
        await Page.SendAsync("now");
        (await Server.ExpectAsync("chat"))["when_running"]!.GetValue<string>().Should().Be(word);

        Server.Completed(3, "run_1", "Hello");
        Server.Message(4, "msg_9", "other");
        Server.Started(5, "run_2", "msg_9");
        (await ChatPage.AreAsync(Page.Runs, 2)).Should().BeTrue();
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

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
        (await Page.Runs.Locator(".text, .content").AllTextContentsAsync()).Should().Equal("before", "by the way", "after");
        (await Page.Waiting.CountAsync()).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task An_approval_shows_the_arguments_as_text_and_sends_one_decision_about_them()
    {
        Server.Event("approval_required", 3, Asked);
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".arguments"), "<img src=x onerror=alert(1)>")).Should().BeTrue();
        (await Page.Runs.Locator("img").CountAsync()).Should().Be(0);

        await Page.Button("Approve").DblClickAsync();
        var decide = await Server.ExpectAsync("decide");
        decide["arguments_digest"]!.GetValue<string>().Should().Be("sha256:1");
        decide["decision"]!.GetValue<string>().Should().Be("approve");
        (await Page.Button("Reject").IsDisabledAsync()).Should().BeTrue();
        Server.Ack(decide["id"]!.GetValue<string>());
        var user = await Page.Page.EvaluateAsync<string>("() => JSON.parse(localStorage.getItem('chat.session')).user_id");
        Server.Event("approval_decided", 4, $""" "run_id":"run_1","call_id":"call_1","decision":"approve","decided_by":"{user}" """);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".tool summary"), "approved by you")).Should().BeTrue();
        (await Page.Button("Approve").CountAsync()).Should().Be(0);
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
        Server.Refuse(decide["id"]!.GetValue<string>(), "already_decided", ""","decision":"reject","decided_by":"usr_other" """);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".tool summary"), "rejected by usr_other")).Should().BeTrue();
        (await Page.Button("Approve").CountAsync()).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "P9")]
    public async Task Without_a_connection_nothing_is_decided_and_after_it_expired_neither()
    {
        Server.Event("approval_required", 3, Asked);
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".decision"), "Decide by")).Should().BeTrue();
        await Server.CloseAsync(1001);
        await Assertions.Expect(Page.Button("Approve")).ToBeDisabledAsync();
        await Server.AcceptAsync();
        await Assertions.Expect(Page.Button("Approve")).ToBeEnabledAsync();

        Server.Event("tool_completed", 4, """ "run_id":"run_1","call_id":"call_1","tool":"send_mail","outcome":"rejected","duration_ms":1 """);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".tool summary"), "no decision came in time")).Should().BeTrue();
        (await Page.Button("Approve").CountAsync()).Should().Be(0);
    }
}
