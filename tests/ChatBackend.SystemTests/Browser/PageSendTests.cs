using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What the page does with a message between the press of a key and the server's answer.</summary>
public sealed class PageSendTests(Chromium chromium) : BrowserTest(chromium)
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public override async ValueTask InitializeAsync() => _played = await PlayAsync();

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "E6")]
    public async Task Enter_twice_and_a_double_click_send_once()
    {
        await _played.StartRunAsync();
        await Page.Box.FillAsync("once");
        await Page.Box.PressAsync("Enter");
        await Page.Box.PressAsync("Enter");
        await AnswerAsync("once", 3);

        await Page.Box.FillAsync("clicked");
        // After the first click it is the button that stops.
        await Page.Button("Queue").ClickAsync();
        await AnswerAsync("clicked", 4);

        await Page.SendAsync("last");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("last");
    }

    [Fact]
    [Trait("failure", "E11")]
    [Trait("failure", "P13")]
    public async Task What_was_not_acknowledged_survives_a_refresh_and_is_sent_again_in_order_under_its_ids()
    {
        await _played.StartRunAsync();
        Server.Completed(3, "run_1", "Hello");
        await Expect(Page.Ended).ToHaveCountAsync(1);
        await Page.SendAsync("one");
        await Page.SendAsync("two");
        var before = await Server.ExpectAsync("chat");
        await Expect(Page.Page.GetByText("Sending…")).ToHaveCountAsync(2);

        Server.Head = 3;
        await _played.ReloadAsync();

        var chat = (await Server.ExpectAsync("chat", "follow"))[0];
        chat.ToJsonString().Should().Be(before.ToJsonString());
        Server.Message(1, "msg_1", "Hi");
        Server.Started(2, "run_1", "msg_1");
        Server.Completed(3, "run_1", "Hello");
        Server.CaughtUp(3);
        await Expect(Page.Texts).ToHaveTextAsync(["Hi", "one", "two"]);
        Server.Ack(chat["id"]!.GetValue<string>(), "duplicate", "msg_2", 4);
        Server.Message(4, "msg_2", "one", chat["id"]!.GetValue<string>());
        var two = await Server.ExpectAsync("chat");
        two["content"]!.GetValue<string>().Should().Be("two");
        Server.Ack(two["id"]!.GetValue<string>(), "accepted", "msg_3", 5);
        Server.Message(5, "msg_3", "two", two["id"]!.GetValue<string>());

        await Expect(Page.Texts).ToHaveTextAsync(["Hi", "one", "two"]);
        await Expect(Page.Page.GetByText("Sending…")).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("failure", "E1")]
    public async Task What_is_refused_for_now_is_sent_again_before_what_came_after_it()
    {
        await _played.StartRunAsync();
        await Page.SendAsync("one");
        var one = await Server.ExpectAsync("chat");
        Server.Refuse(one, "unavailable", ""","retry_after_ms":1""");
        await Page.SendAsync("two");

        var again = await Server.ExpectAsync("chat");
        again.ToJsonString().Should().Be(one.ToJsonString());
        Server.Ack(again["id"]!.GetValue<string>(), "accepted", "msg_2", 3);
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("two");
    }

    [Fact]
    [Trait("failure", "E12")]
    public async Task What_is_refused_for_good_says_so_and_can_be_sent_again_or_given_up()
    {
        await Page.SendAsync("Hello?");
        var first = await Server.ExpectAsync("chat");
        Server.Refuse(first, "quota_exceeded");
        await Expect(Page.Messages).ToContainTextAsync("Not sent: It was refused.");

        await Page.Button("Retry").ClickAsync();
        var second = await Server.ExpectAsync("chat");
        second.ToJsonString().Should().Be(first.ToJsonString());
        Server.Refuse(second, "quota_exceeded");
        await Page.Button("Discard").ClickAsync();

        await Expect(Page.Messages).ToHaveCountAsync(0);
        await _played.ReloadAsync();
        await Expect(Page.Messages).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("failure", "D28")]
    public async Task What_is_longer_than_the_server_takes_is_not_sent_and_stays_where_it_was_written()
    {
        var tooLong = new string('ü', 40_000);
        await Page.SendAsync(tooLong);

        await Expect(Page.Page.GetByText("bytes too long")).ToBeVisibleAsync();
        await Expect(Page.Box).ToHaveValueAsync(tooLong);
        await Page.SendAsync("short");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("short");
    }

    [Fact]
    public async Task What_is_written_without_a_connection_is_kept_in_sight_and_sent_with_the_next_one()
    {
        await Server.CloseAsync(1001);
        await Page.SendAsync("written meanwhile");
        await Expect(Page.Messages).ToContainTextAsync("Will be sent when you are connected again");
        await Server.AcceptAsync();

        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("written meanwhile");
    }

    [Fact]
    [Trait("failure", "E11")]
    public async Task A_draft_survives_a_refresh()
    {
        await Page.Box.FillAsync("half a thou");

        await _played.ReloadAsync();

        await Expect(Page.Box).ToHaveValueAsync("half a thou");
    }

    private async Task AnswerAsync(string content, long seq)
    {
        var chat = await Server.ExpectAsync("chat");
        chat["content"]!.GetValue<string>().Should().Be(content);
        Server.Ack(chat["id"]!.GetValue<string>(), "accepted", $"msg_{seq}", seq);
        Server.Message(seq, $"msg_{seq}", content, chat["id"]!.GetValue<string>(), ""","when_running":"queue" """);
        await Expect(Page.Waiting.Filter(new LocatorFilterOptions { HasText = content })).ToHaveCountAsync(1);
    }
}
