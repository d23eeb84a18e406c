using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page's own duties in the protocol, against a played server.</summary>
public sealed class PageProtocolTests(Chromium chromium) : BrowserTest(chromium)
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public override async ValueTask InitializeAsync() => _played = await PlayAsync();

    [Fact]
    [Trait("failure", "P3")]
    public async Task Text_is_applied_by_position_so_that_overlaps_and_repeats_change_nothing()
    {
        await _played.StartRunAsync();
        Server.Delta(0, "Hello");
        Server.Delta(0, "Hello");
        Server.Delta(3, "lo wor");
        Server.Delta(9, "ld");
        await Expect(Page.Answers).ToHaveTextAsync(["Hello world"]);
        Server.Completed(3, "run_1", "Hello world");

        await Expect(Page.Ended).ToHaveCountAsync(1);
        await Expect(Page.Answers).ToHaveTextAsync(["Hello world"]);
        await Expect(Page.Stop).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("failure", "D15")]
    public async Task A_gap_in_seq_makes_it_follow_from_what_it_has()
    {
        await _played.StartRunAsync();
        Server.Delta(0, "Hel");
        await Expect(Page.Answers).ToHaveTextAsync(["Hel"]);
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

        await Expect(Page.Runs).ToContainTextAsync("The model no longer sees the oldest 12 exchanges and the middle of one tool result");
        await Page.Button("What it is shown instead").ClickAsync();
        await Expect(Page.Runs.GetByText("They met.")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(4409)]
    [Trait("failure", "P5")]
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
        await Expect(Page.Page).ToHaveURLAsync(new Uri(new Uri(Page.Page.Url), "#/t/thr_1").ToString());
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1008)]
    [InlineData(4403)]
    [Trait("failure", "B11")]
    public async Task What_theServer_means_as_final_is_final(int code)
    {
        await Server.CloseAsync(code);

        await Expect(Page.Connection).ToContainTextAsync("The connection was closed");
        await Expect(Page.Connection.GetByRole(AriaRole.Button)).ToHaveTextAsync(["Reload"]);
    }

    [Fact]
    [Trait("failure", "B12")]
    public async Task A_session_that_is_refused_ends_in_sight_and_somebody_new_begins_only_when_asked_to()
    {
        Server.User.Should().Be("usr_1");
        await _played.StartRunAsync();
        Server.Delta(0, "Half of the ans");
        await Expect(Page.Answers).ToHaveTextAsync(["Half of the ans"]);
        await Server.CloseAsync(4401);

        await Expect(Page.Connection).ToContainTextAsync("Your session has ended");
        await Expect(Page.Answers).ToHaveTextAsync(["Half of the ans"]);
        Server.User.Should().Be("usr_1");
        await Page.Button("Go on as a new guest").ClickAsync();
        await Server.AcceptAsync();

        await Page.ConnectedAsync();
        Server.User.Should().Be("usr_2");
        (await Page.SessionAsync()).GetProperty("user").GetString().Should().Be("usr_2");
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

        await Server.ExpectAsync("follow");
        var second = await Server.ExpectAsync("chat");
        second["content"]!.GetValue<string>().Should().Be("two");
        second["thread_id"]!.GetValue<string>().Should().Be("thr_1");
    }

    [Fact]
    [Trait("failure", "E10")]
    public async Task A_new_chat_is_not_disturbed_by_the_old_one()
    {
        await _played.StartRunAsync();
        await Page.Threads.GetByRole(AriaRole.Button, new() { Name = "New chat" }).First.ClickAsync();
        (await Server.ExpectAsync("unfollow"))["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Server.Delta(0, "late");
        // Comes after it, and is seen.
        Server.List(PlayedServer.Row("thr_9", "A marker"));

        await Expect(Page.Titles).ToContainTextAsync(["A marker"]);
        await Expect(Page.Runs).ToHaveCountAsync(0);
        Page.Page.Url.Should().NotContain("thr_1");
    }

    [Fact]
    [Trait("failure", "D21")]
    public async Task Stop_asks_once_for_the_run_that_is_open()
    {
        await _played.StartRunAsync();
        await Page.Stop.DblClickAsync();

        var stop = await Server.ExpectAsync("stop");
        stop["run_id"]!.GetValue<string>().Should().Be("run_1");
        stop["thread_id"]!.GetValue<string>().Should().Be("thr_1");
        Server.Ack(stop["id"]!.GetValue<string>());
        await Page.SendAsync("next");
        await Server.ExpectAsync("chat"); // and no second stop before it
    }
}
