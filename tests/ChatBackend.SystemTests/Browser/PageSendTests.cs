using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What the page does with a message between the press of a key and the server's answer.</summary>
public sealed class PageSendTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public async ValueTask InitializeAsync() => _played = await PlayedPage.OpenAsync(chromium);

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "E6")]
    public async Task Enter_twice_and_a_double_click_send_once()
    {
        await _played.StartRunAsync();
        await Page.Box.FillAsync("once");
        await Page.Box.PressAsync("Enter");
        await Page.Box.PressAsync("Enter");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("once");

        await Page.Box.FillAsync("clicked");
        await Page.Button("Send").DblClickAsync();
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("clicked");

        await Page.SendAsync("last");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("last");
    }

    [Fact]
    [Trait("failure", "E11")]
    [Trait("failure", "P13")]
    public async Task What_was_not_acknowledged_survives_a_refresh_and_is_sent_again_in_order_under_its_ids()
    {
        await _played.StartRunAsync();
        await Page.SendAsync("one");
        await Page.SendAsync("two");
        string[] before = [(await Server.ExpectAsync("chat")).ToJsonString(), (await Server.ExpectAsync("chat")).ToJsonString()];

        await _played.ReloadAsync();

        (await Page.Waiting.Locator("> .content").AllTextContentsAsync()).Should().Equal("one", "two");
        (await Page.Waiting.First.GetAttributeAsync("data-state")).Should().Be("sending");
        await Server.ExpectAsync("follow");
        var one = await Server.ExpectAsync("chat");
        var two = await Server.ExpectAsync("chat");
        new[] { one.ToJsonString(), two.ToJsonString() }.Should().Equal(before);

        Server.Message(1, "msg_1", "Hi");
        Server.Started(2, "run_1", "msg_1");
        Server.CaughtUp(2);
        Server.Ack(one["id"]!.GetValue<string>(), "duplicate", "msg_2");
        Server.Message(3, "msg_2", "one", one["id"]!.GetValue<string>(), ""","when_running":"queue" """);
        Server.Ack(two["id"]!.GetValue<string>(), "accepted", "msg_3");
        Server.Message(4, "msg_3", "two", two["id"]!.GetValue<string>(), ""","when_running":"queue" """);

        (await ChatPage.AreAsync(Page.Waiting.And(Page.Page.Locator("[data-state=waiting]")), 2)).Should().BeTrue();
        (await Page.Waiting.Locator("> .content").AllTextContentsAsync()).Should().Equal("one", "two");
        await _played.ReloadAsync();
        (await Page.Waiting.CountAsync()).Should().Be(0, "everything was acknowledged");
    }

    [Fact]
    [Trait("failure", "E1")]
    public async Task What_is_refused_for_now_is_sent_again_before_what_came_after_it()
    {
        await _played.StartRunAsync();
        await Page.SendAsync("one");
        var one = await Server.ExpectAsync("chat");
        Server.Refuse(one["id"]!.GetValue<string>(), "unavailable", ""","retry_after_ms":1""");
        Server.Send("""{"type":"error","code":"internal","message":"The marker came."}""");
        (await ChatPage.HasTextAsync(Page.Page.GetByRole(AriaRole.Alert), "The marker came.")).Should().BeTrue();
        await Page.SendAsync("two");

        (await Server.ExpectAsync("chat")).ToJsonString().Should().Be(one.ToJsonString());
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("two");
    }

    [Fact]
    [Trait("failure", "E12")]
    public async Task What_is_refused_for_good_says_so_and_can_be_put_back()
    {
        await Page.SendAsync("Hello?");
        Server.Refuse((await Server.ExpectAsync("chat"))["id"]!.GetValue<string>(), "quota_exceeded");

        (await ChatPage.HasTextAsync(Page.Waiting.Locator(".note"), "Not sent: It was refused.")).Should().BeTrue();
        await Page.Button("Put back").ClickAsync();

        (await Page.Box.InputValueAsync()).Should().Be("Hello?");
        (await Page.Waiting.CountAsync()).Should().Be(0);
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task Stop_works_before_the_message_is_answered()
    {
        await Page.SendAsync("Never mind");
        var id = (await Server.ExpectAsync("chat"))["id"]!.GetValue<string>();
        await Page.Stop.ClickAsync();
        Server.Ack(id, "accepted", "msg_1");

        var stop = await Server.ExpectAsync("stop");
        stop["message_id"]!.GetValue<string>().Should().Be("msg_1");
        stop["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task What_never_left_is_put_back_by_stop()
    {
        await Server.CloseAsync(1001);
        (await ChatPage.HasTextAsync(Page.Connection, "Connect")).Should().BeTrue();
        await Page.SendAsync("Wrong words");
        await Page.Stop.ClickAsync();
        (await Page.Box.InputValueAsync()).Should().Be("Wrong words");
        await Server.AcceptAsync();
        (await Page.IsConnectedAsync()).Should().BeTrue();
        await Page.SendAsync("Right words");

        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("Right words");
    }
}
