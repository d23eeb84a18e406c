namespace ChatBackend.SystemTests.Browser;

/// <summary>The page's own duties in the protocol, against a played server.</summary>
public sealed class PageProtocolTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public async ValueTask InitializeAsync() => _played = await PlayedPage.OpenAsync(chromium);

    public async ValueTask DisposeAsync() => await _played.DisposeAsync();

    [Fact]
    [Trait("failure", "P3")]
    public async Task Text_is_applied_by_position_so_that_overlaps_and_repeats_change_nothing()
    {
        await _played.StartRunAsync();
        Server.Delta(0, "Hello");
        Server.Delta(0, "Hello");
        Server.Delta(3, "lo wor");
        Server.Delta(9, "ld");
        Server.Event("agent_completed", 3, """ "run_id":"run_1","message_id":"msg_2","part_id":"part_1","content":"Hello world","duration_ms":1 """);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
        (await Page.Runs.Locator(".text").AllTextContentsAsync()).Should().Equal("Hello world");
        (await Page.Stop.IsDisabledAsync()).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "D15")]
    public async Task A_gap_in_seq_makes_it_follow_from_what_it_has()
    {
        await _played.StartRunAsync();
        Server.Delta(0, "Hel");
        (await ChatPage.HasTextAsync(Page.Runs.Locator(".text"), "Hel")).Should().BeTrue();
        Server.Event("tool_completed", 5, """ "run_id":"run_1","call_id":"call_1","tool":"clock","outcome":"succeeded","duration_ms":1 """);

        var follow = await Server.ExpectAsync("follow");
        follow["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        follow["after_seq"]!.GetValue<long>().Should().Be(2);
        follow["parts"]!.ToJsonString().Should().Be("""[{"part_id":"part_1","length":3}]""");
    }

    [Fact]
    [Trait("failure", "M4")]
    public async Task What_the_model_is_not_shown_any_more_stands_in_the_run_in_which_it_left()
    {
        await _played.StartRunAsync();
        Server.Event("agent_context_trimmed", 3, """ "run_id":"run_1","agent":"demo","from_message_id":"msg_1","exchanges":12,"results":1,"summary":"They met." """);

        (await ChatPage.HasTextAsync(Page.Runs.Locator(".trimmed"), "the 12 oldest exchanges are left out, one result of a tool is shortened")).Should().BeTrue();
        (await ChatPage.HasTextAsync(Page.Runs.Locator("details.trimmed"), "They met.")).Should().BeTrue();
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(4409)]
    [Trait("failure", "P13")]
    public async Task After_a_cut_it_comes_back_and_sends_what_was_not_acknowledged_under_the_same_id(int code)
    {
        await Page.SendAsync("Are you there?");
        var first = await Server.ExpectAsync("chat");
        await Server.CloseAsync(code);
        await Server.AcceptAsync();

        var second = await Server.ExpectAsync("chat");
        second.ToJsonString().Should().Be(first.ToJsonString());
        Server.Ack(second["id"]!.GetValue<string>(), "duplicate");
        (await Server.ExpectAsync("follow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Page.Page.Url.Should().EndWith("#thr_1");
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1008)]
    [InlineData(4403)]
    [Trait("failure", "B11")]
    public async Task What_theServer_means_as_final_is_final(int code)
    {
        await Server.CloseAsync(code);

        (await ChatPage.HasTextAsync(Page.Connection, "The server ended the connection")).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "B12")]
    public async Task A_session_that_is_refused_becomes_a_new_guest()
    {
        var before = await Page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')");
        await Server.CloseAsync(4401);
        await Server.AcceptAsync();

        (await Page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')")).Should().NotBe(before);
    }

    [Fact]
    [Trait("failure", "E6")]
    public async Task Two_messages_at_once_open_one_thread()
    {
        await Page.SendAsync("one");
        await Page.SendAsync("two");
        var first = await Server.ExpectAsync("chat");
        first["thread_id"].Should().BeNull();
        Server.Ack(first["id"]!.GetValue<string>());

        var second = await Server.ExpectAsync("chat");
        second["content"]!.GetValue<string>().Should().Be("two");
        second["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    [Fact]
    [Trait("failure", "E10")]
    public async Task A_new_chat_is_not_disturbed_by_the_old_one()
    {
        await _played.StartRunAsync();
        await Page.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "New chat" }).ClickAsync();
        (await Server.ExpectAsync("unfollow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Server.Delta(0, "late");
        Server.Send("""{"type":"error","code":"internal","message":"The marker came."}""");

        (await ChatPage.HasTextAsync(Page.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert), "The marker came.")).Should().BeTrue();
        (await Page.Runs.CountAsync()).Should().Be(0);
        Page.Page.Url.Should().NotContain("thr_1");
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task Stop_asks_for_the_run_that_is_open()
    {
        await _played.StartRunAsync();
        await Page.Stop.ClickAsync();

        var stop = await Server.ExpectAsync("stop");
        stop["run_id"]!.GetValue<string>().Should().Be("run_1");
        stop["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }
}
