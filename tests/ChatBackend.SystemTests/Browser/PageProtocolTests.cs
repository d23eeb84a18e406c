namespace ChatBackend.SystemTests.Browser;

/// <summary>The page's own duties in the protocol, against a played server.</summary>
public sealed class PageProtocolTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private ServerProcess _files = null!;
    private ChatPage _page = null!;
    private PlayedServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _files = await ServerProcess.StartAsync();
        _page = await chromium.OpenAsync(new Uri("about:blank"));
        _server = await PlayedServer.OnAsync(_page.Page);
        await _page.Page.GotoAsync(_files.Http.ToString());
        await _server.AcceptAsync();
        (await _page.IsConnectedAsync()).Should().BeTrue();
    }

    public async ValueTask DisposeAsync()
    {
        _page.Complaints.Should().BeEmpty();
        await _page.DisposeAsync();
        await _files.DisposeAsync();
    }

    [Fact]
    [Trait("failure", "P3")]
    public async Task Text_is_applied_by_position_so_that_overlaps_and_repeats_change_nothing()
    {
        await StartRunAsync();
        Delta(0, "Hello");
        Delta(0, "Hello");
        Delta(3, "lo wor");
        Delta(9, "ld");
        _server.Event("agent_completed", 3, """ "run_id":"run_1","message_id":"msg_2","part_id":"part_1","content":"Hello world","duration_ms":1 """);

        (await ChatPage.HasTextAsync(_page.Runs.Locator(".state"), "Completed")).Should().BeTrue();
        (await _page.Runs.Locator(".text").AllTextContentsAsync()).Should().Equal("Hello world");
        (await _page.Stop.IsDisabledAsync()).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "D15")]
    public async Task A_gap_in_seq_makes_it_follow_from_what_it_has()
    {
        await StartRunAsync();
        Delta(0, "Hel");
        (await ChatPage.HasTextAsync(_page.Runs.Locator(".text"), "Hel")).Should().BeTrue();
        _server.Event("tool_completed", 5, """ "run_id":"run_1","call_id":"call_1","tool":"clock","outcome":"succeeded","duration_ms":1 """);

        var follow = await _server.ExpectAsync("follow");
        follow["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        follow["after_seq"]!.GetValue<long>().Should().Be(2);
        follow["parts"]!.ToJsonString().Should().Be("""[{"part_id":"part_1","length":3}]""");
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(4409)]
    [Trait("failure", "P13")]
    public async Task After_a_cut_it_comes_back_and_sends_what_was_not_acknowledged_under_the_same_id(int code)
    {
        await _page.SendAsync("Are you there?");
        var first = await _server.ExpectAsync("chat");
        await _server.CloseAsync(code);
        await _server.AcceptAsync();

        var second = await _server.ExpectAsync("chat");
        second.ToJsonString().Should().Be(first.ToJsonString());
        Ack(second["id"]!.GetValue<string>(), "duplicate");
        (await _server.ExpectAsync("follow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        _page.Page.Url.Should().EndWith("#thr_1");
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1008)]
    [InlineData(4403)]
    [Trait("failure", "B11")]
    public async Task What_the_server_means_as_final_is_final(int code)
    {
        await _server.CloseAsync(code);

        (await ChatPage.HasTextAsync(_page.Connection, "The server ended the connection")).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "B12")]
    public async Task A_session_that_is_refused_becomes_a_new_guest()
    {
        var before = await _page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')");
        await _server.CloseAsync(4401);
        await _server.AcceptAsync();

        (await _page.Page.EvaluateAsync<string>("() => localStorage.getItem('chat.session')")).Should().NotBe(before);
    }

    [Fact]
    [Trait("failure", "E6")]
    public async Task Two_messages_at_once_open_one_thread()
    {
        await _page.SendAsync("one");
        await _page.SendAsync("two");
        var first = await _server.ExpectAsync("chat");
        first["thread_id"].Should().BeNull();
        Ack(first["id"]!.GetValue<string>(), "accepted");

        var second = await _server.ExpectAsync("chat");
        second["content"]!.GetValue<string>().Should().Be("two");
        second["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    [Fact]
    [Trait("failure", "E10")]
    public async Task A_new_chat_is_not_disturbed_by_the_old_one()
    {
        await StartRunAsync();
        await _page.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "New chat" }).ClickAsync();
        (await _server.ExpectAsync("unfollow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Delta(0, "late");
        _server.Send("""{"type":"error","code":"internal","message":"The marker came."}""");

        (await ChatPage.HasTextAsync(_page.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert), "The marker came.")).Should().BeTrue();
        (await _page.Runs.CountAsync()).Should().Be(0);
        _page.Page.Url.Should().NotContain("thr_1");
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task Stop_asks_for_the_run_that_is_open()
    {
        await StartRunAsync();
        await _page.Stop.ClickAsync();

        var stop = await _server.ExpectAsync("stop");
        stop["run_id"]!.GetValue<string>().Should().Be("run_1");
        stop["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    private async Task StartRunAsync()
    {
        await _page.SendAsync("Hi");
        var id = (await _server.ExpectAsync("chat"))["id"]!.GetValue<string>();
        Ack(id, "accepted");
        _server.Event("user_message", 1, $""" "message_id":"msg_1","content":"Hi","client_id":"{id}" """);
        _server.Event("agent_started", 2, """ "run_id":"run_1","agent":"demo","message_id":"msg_1" """);
        (await ChatPage.HasTextAsync(_page.Runs, "demo")).Should().BeTrue();
    }

    private void Ack(string id, string status) =>
        _server.Send($$"""{"type":"ack","id":"{{id}}","status":"{{status}}","thread_id":"thr_1","seq":1,"message_id":"msg_1"}""");

    private void Delta(int offset, string text) =>
        _server.Event("agent_delta", 0, $""" "run_id":"run_1","part_id":"part_1","offset":{offset},"text":"{text}" """);
}
