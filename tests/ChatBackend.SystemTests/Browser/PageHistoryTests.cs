using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>What was replaced, is gone, or is very long.</summary>
public sealed class PageHistoryTests(Chromium chromium) : BrowserTest(chromium)
{
    private PlayedPage _played = null!;

    private ChatPage Page => _played.Page;

    private PlayedServer Server => _played.Server;

    public override async ValueTask InitializeAsync() => _played = await PlayAsync("#/t/thr_1");

    [Fact]
    public async Task An_answer_is_made_again_once_and_the_old_one_can_still_be_chosen()
    {
        await AnsweredAsync();
        await Page.Button("Answer again").DblClickAsync();

        var chat = await Server.ExpectAsync("chat");
        chat["content"]!.GetValue<string>().Should().Be("What time is it?");
        chat["replaces"]!.GetValue<string>().Should().Be("msg_1");
        chat["when_running"]!.GetValue<string>().Should().Be("interrupt");
        await ReplaceAsync(chat["id"]!.GetValue<string>(), "What time is it?", "Half past ten.");

        await Expect(Page.Answers).ToHaveTextAsync(["Half past ten."]);
        await Page.Messages.HoverAsync();
        await Page.Button("Previous version").ClickAsync();
        var select = await Server.ExpectAsync("select_branch"); // the double click sent once
        select["message_id"]!.GetValue<string>().Should().Be("msg_1");
        Server.Ack(select["id"]!.GetValue<string>(), "accepted", "msg_1", 8);
        Server.Event("branch_selected", 8, """ "message_id":"msg_1","to_seq":0,"restored":[{"after_seq":0,"before_seq":4}] """);

        await Expect(Page.Answers).ToHaveTextAsync(["Nine."]);
        await Expect(Page.Messages).ToContainTextAsync(["1 / 2"]);
    }

    [Fact]
    public async Task A_message_is_edited_where_it_stands()
    {
        await AnsweredAsync();
        await Page.Messages.First.HoverAsync();
        await Page.Button("Edit").ClickAsync();
        var box = Page.Page.GetByRole(AriaRole.Textbox, new() { Name = "Edit your message" });
        await Expect(box).ToHaveValueAsync("What time is it?");
        await box.FillAsync("What time is it in Basel?");
        await box.PressAsync("Enter");

        var chat = await Server.ExpectAsync("chat");
        chat["content"]!.GetValue<string>().Should().Be("What time is it in Basel?");
        chat["replaces"]!.GetValue<string>().Should().Be("msg_1");
        await ReplaceAsync(chat["id"]!.GetValue<string>(), "What time is it in Basel?", "Ten.");
        await Expect(Page.Texts).ToHaveTextAsync(["What time is it in Basel?"]);
    }

    [Fact]
    public async Task Of_a_run_that_took_a_message_in_only_what_came_after_is_replaced()
    {
        Server.Head = 10;
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "first");
        Server.Started(2, "run_1", "msg_1");
        Server.Event("agent_part", 3, """ "run_id":"run_1","part_id":"part_1","kind":"text","text":"before" """);
        Server.Message(4, "msg_2", "second", more: ""","when_running":"steer" """);
        Server.Event("message_steered", 5, """ "run_id":"run_1","message_id":"msg_2" """);
        Server.Event("thread_rewound", 6, """ "to_seq":3 """);
        Server.Message(7, "msg_3", "third", more: ""","when_running":"interrupt","replaces":"msg_2" """);
        Server.Event("agent_stopped", 8, """ "run_id":"run_1","message_id":"msg_4","part_id":"part_2","content":"after","reason":"interrupted_by_message" """);
        Server.Started(9, "run_2", "msg_3");
        Server.Completed(10, "run_2", "answer");
        Server.CaughtUp(10);

        await Expect(Page.Ended).ToHaveCountAsync(2);
        await Expect(Page.Transcript.Locator(".bubble, .content")).ToHaveTextAsync(["first", "before", "third", "answer"]);
    }

    [Fact]
    [Trait("failure", "D15")]
    public async Task Where_history_is_gone_it_says_so_and_begins_there()
    {
        Server.Refuse(await Server.ExpectAsync("follow"), "expired", ""","history_begins_at":120""");
        Server.Begins = 120;
        Server.Head = 120;
        (await Server.ExpectAsync("follow"))["after_seq"]!.GetValue<long>().Should().Be(119);
        Server.Message(120, "msg_1", "later");
        Server.CaughtUp(120);

        await Expect(Page.Texts).ToHaveTextAsync(["later"]);
        await Expect(Page.Transcript).ToContainTextAsync("Earlier messages are no longer kept on the server.");
    }

    [Fact]
    public async Task A_deleted_thread_says_so_and_leaves_nothing_behind()
    {
        await AnsweredAsync();
        Server.Send("""{"type":"thread_deleted","thread_id":"thr_1"}""");

        await Expect(Page.Page.GetByRole(AriaRole.Heading, new() { Name = "Conversation deleted" })).ToBeVisibleAsync();
        await Expect(Page.Messages).ToHaveCountAsync(0);
        await Page.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "New chat" }).ClickAsync();
        await Expect(Page.Page.GetByRole(AriaRole.Heading, new() { Name = "What can I do for you?" })).ToBeVisibleAsync();
        Page.Page.Url.Should().NotContain("thr_1");
    }

    [Fact]
    [Trait("failure", "P11")]
    [Trait("failure", "E2")]
    public async Task A_long_thread_ends_in_sight_is_usable_and_can_be_read_back_to_its_beginning()
    {
        const int turns = 66;
        await Server.ExpectAsync("follow");
        for (var turn = 0; turn < turns; turn++)
        {
            Server.Message((turn * 3) + 1, $"msg_{turn}", $"question {turn}");
            Server.Started((turn * 3) + 2, $"run_{turn}", $"msg_{turn}");
            Server.Completed((turn * 3) + 3, $"run_{turn}", $"answer {turn}", $"part_{turn}");
        }

        Server.CaughtUp(turns * 3);
        await Expect(Page.Answers.Last).ToHaveTextAsync($"answer {turns - 1}");
        await Expect(Page.Runs.Last).ToBeInViewportAsync();
        await Page.Transcript.FocusAsync();
        await Page.Page.Keyboard.PressAsync("Home");
        await Expect(Page.Texts.First).ToHaveTextAsync("question 0");
        await Expect(Page.Answers).ToHaveTextAsync(Enumerable.Range(0, turns).Select(turn => $"answer {turn}"));
        await Page.SendAsync("still there?");
        (await Server.ExpectAsync("chat"))["content"]!.GetValue<string>().Should().Be("still there?");
        await Expect(Page.Messages.Last).ToBeInViewportAsync();
    }

    private async Task AnsweredAsync()
    {
        await Server.ExpectAsync("follow");
        Server.Message(1, "msg_1", "What time is it?");
        Server.Started(2, "run_1", "msg_1");
        Server.Completed(3, "run_1", "Nine.");
        Server.CaughtUp(3);
        await Expect(Page.Ended).ToHaveCountAsync(1);
    }

    private async Task ReplaceAsync(string id, string content, string answer)
    {
        Server.Ack(id, "accepted", "msg_2", 5);
        Server.Event("thread_rewound", 4, """ "to_seq":0 """);
        Server.Message(5, "msg_2", content, id, ""","replaces":"msg_1" """);
        Server.Started(6, "run_2", "msg_2");
        Server.Completed(7, "run_2", answer, "part_2");
        await Expect(Page.Answers).ToHaveTextAsync([answer]);
    }
}
