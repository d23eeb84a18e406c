using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>A server whose log was put back: the client drops what it has of the other history, says so, and reads the thread again.</summary>
[Trait("failure", "Q17")]
public sealed class ReplacedHistoryTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;
    private ChatConnection _client = null!;
    private ScriptedSocket _first = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ScriptedServer.StartAsync();
        (_client, _first) = await _server.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Abort();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_cursor_of_another_history_is_followed_by_the_one_that_is_there_now()
    {
        var follower = await FollowAsync(Message(1, "old"), Started(2), Delta(0, "old tex"), CaughtUp(2));
        var waiting = follower.WaitForRunEndAsync(Run);
        _first.Cut();

        var second = await _server.AcceptAsync();
        var refused = await second.ReceiveAsync<FollowFrame>();
        (refused.AfterSeq, refused.AfterAt, refused.Parts.Count).Should().Be((2L, Started(2).At, 1));
        await second.SendAsync(Stale(refused));
        var again = await second.ReceiveAsync<FollowFrame>();
        (again.AfterSeq, again.AfterAt, again.Parts.Count).Should().Be((0L, null, 0));
        await second.SendAsync(Message(1, "new"), CaughtUp(1));

        (await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<HistoryReplacedException>()).Which.BeginsAt.Should().Be(1);
        ((UserMessage)await follower.WaitForAsync(threadEvent => threadEvent is UserMessage).Soon()).Content.Should().Be("new", "what is of the other history is not found any more");
        (await FramesAsync(follower, 5)).Should().Equal(
            Message(1, "old"), Started(2), Delta(0, "old tex"), new HistoryReplaced(TheThread, 1), Message(1, "new"));
        (follower.Start, follower.LastEvent).Should().Be((0L, new ThreadCursor(1, Message(1).At)));
        follower.Transcript.Entries.Should().ContainSingle().Which.Should().BeOfType<UserEntry>().Which.Content.Should().Be("new");
        follower.Transcript.Replacements.Should().Be(1);
    }

    [Fact]
    public async Task A_head_behind_the_cursor_is_another_history_though_nobody_said_so()
    {
        var follower = await FollowAsync(Message(1), Message(2), Message(3), CaughtUp(3));
        _first.Cut();

        var second = await _server.AcceptAsync();
        (await second.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(3);
        await second.SendAsync(CaughtUp(1));
        var again = await second.ReceiveAsync<FollowFrame>();
        (again.AfterSeq, again.AfterAt).Should().Be((0L, null));
        await second.SendAsync(Message(1, "new"), CaughtUp(1));

        (await FramesAsync(follower, 5)).Skip(3).Should().Equal(new HistoryReplaced(TheThread, 1), Message(1, "new"));
    }

    [Fact]
    public async Task Events_that_arrive_before_the_server_was_asked_about_the_cursor_are_not_added_to_it()
    {
        var follower = await FollowAsync(Message(1, "old"), Message(2, "old"), CaughtUp(2));
        _first.Cut();
        var second = await _server.AcceptAsync();
        await second.SendAsync(new Error { Id = (await second.ReceiveAsync<FollowFrame>()).Id, Code = ErrorCode.Unavailable, Message = "Not now.", RetryAfterMs = 300 });

        // Its message makes the sender a follower, from a place in the new history that looks like the next one.
        var sending = _client.ChatAsync("new", TheThread);
        await second.SendAsync(Ack(await second.ReceiveAsync<ChatFrame>(), seq: 3), Message(3, "new"));
        await sending.Soon();
        var asked = await second.ReceiveAsync<FollowFrame>();
        asked.AfterSeq.Should().Be(2);
        await second.SendAsync(Stale(asked));
        (await second.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(0);
        await second.SendAsync(Message(1, "new"), Message(2, "new"), Message(3, "new"), CaughtUp(3));

        (await FramesAsync(follower, 6)).Skip(2).Should().Equal(
            new HistoryReplaced(TheThread, 1), Message(1, "new"), Message(2, "new"), Message(3, "new"));
    }

    [Fact]
    public async Task An_event_that_was_kept_elsewhere_is_gone_on_from_or_found_to_be_of_another_history()
    {
        var kept = new ThreadCursor(7, Message(7).At.AddHours(1));
        var following = _client.FollowAsync(TheThread, kept);
        var asked = await _first.ReceiveAsync<FollowFrame>();
        (asked.AfterSeq, asked.AfterAt).Should().Be((kept.Seq, kept.At));
        await _first.SendAsync(Stale(asked));
        (await _first.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(0);
        await _first.SendAsync(Message(1), CaughtUp(1));

        (await FramesAsync(await following.Soon(), 2)).Should().Equal(new HistoryReplaced(TheThread, 1), Message(1));
    }

    private static Error Stale(FollowFrame follow) =>
        new() { Id = follow.Id, Code = ErrorCode.StaleCursor, Message = "Another history.", HistoryBeginsAt = 1 };

    private async Task<ThreadFollower> FollowAsync(params ServerFrame[] answer)
    {
        var following = _client.FollowAsync(TheThread);
        await _first.ReceiveAsync<FollowFrame>();
        await _first.SendAsync(answer);
        return await following.Soon();
    }

    private static async Task<List<ServerFrame>> FramesAsync(ThreadFollower follower, int count)
    {
        var frames = new List<ServerFrame>();
        using var deadline = Deadline.Source();
        await foreach (var frame in follower.Events(deadline.Token))
        {
            frames.Add(frame);
            if (frames.Count == count)
            {
                break;
            }
        }

        return frames;
    }
}
