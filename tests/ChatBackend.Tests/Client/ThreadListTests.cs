using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>The list of threads in the .NET client: what the server tells, over lost sockets and logs that were put back.</summary>
public sealed class ThreadListTests : IAsyncLifetime
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    [Trait("failure", "L4")]
    public async Task A_list_has_what_was_told_newest_first_and_apart_what_is_archived()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        (await socket.ReceiveAsync<FollowThreadsFrame>()).Cursor.Should().BeNull();
        await socket.SendAsync(Listed("thr_b", 2, cursor: null), Listed("thr_a", 1, cursor: null));
        following.IsCompleted.Should().BeFalse("it is not whole");
        await socket.SendAsync(CaughtUp("log.2", hasMore: true));
        await using var list = await following.Soon();
        list.Threads.Select(thread => thread.ThreadId.Value).Should().Equal("thr_b", "thr_a");
        (list.HasMore, list.LogId).Should().Be((true, "log"));

        await socket.SendAsync(
            Listed("thr_a", 3, "log.3") with { Title = "A", Unread = true }, Listed("thr_c", 4, "log.4") with { Archived = true },
            new ThreadUnlisted { ThreadId = new ThreadId("thr_b"), Reason = UnlistReason.Deleted, Cursor = "log.5" });
        var changes = await TakeAsync(list.Changes(), 5);

        changes.Select(Name).Should().Equal("thr_b", "thr_a", "thr_a", "thr_c", "-thr_b");
        list.Threads.Should().ContainSingle().Which.Should().Match<ThreadListed>(thread => thread.Title == "A" && thread.Unread);
        list.Archived.Select(thread => thread.ThreadId.Value).Should().Equal("thr_c");
        list.Find(new ThreadId("thr_b")).Should().BeNull();
        list.Find(new ThreadId("thr_c"))!.Archived.Should().BeTrue();
        client.Abort();
    }

    [Fact]
    [Trait("failure", "L6")]
    public async Task After_a_lost_socket_it_goes_on_from_the_last_cursor_and_an_answer_that_was_cut_off_is_asked_for_again()
    {
        var (client, first) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        await first.ReceiveAsync<FollowThreadsFrame>();
        await first.SendAsync(Listed("thr_gone", 1, cursor: null));
        first.Cut();

        var second = await _server.AcceptAsync();
        (await second.ReceiveAsync<FollowThreadsFrame>()).Cursor.Should().BeNull("the first answer was not whole");
        await second.SendAsync(Listed("thr_a", 1, cursor: null), CaughtUp("log.1"));
        await using var list = await following.Soon();
        list.Threads.Select(thread => thread.ThreadId.Value).Should().Equal("thr_a");
        await second.SendAsync(Listed("thr_b", 2, "log.2"));
        await TakeAsync(list.Changes(), 2);
        second.Cut();

        var third = await _server.AcceptAsync();
        (await third.ReceiveAsync<FollowThreadsFrame>()).Cursor.Should().Be("log.2");
        await third.SendAsync(Listed("thr_c", 3, "log.3"), CaughtUp("log.3"));

        (await TakeAsync(list.Changes(), 3)).Select(Name).Should().Equal("thr_a", "thr_b", "thr_c");
        list.Threads.Select(thread => thread.ThreadId.Value).Should().Equal("thr_c", "thr_b", "thr_a");
        client.Abort();
    }

    [Fact]
    [Trait("failure", "L7")]
    public async Task A_cursor_that_is_stale_begins_the_list_anew_and_its_readers_are_told()
    {
        var (client, first) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        await first.ReceiveAsync<FollowThreadsFrame>();
        await first.SendAsync(Listed("thr_a", 1, cursor: null), CaughtUp("log.1"));
        await using var list = await following.Soon();
        first.Cut();

        var second = await _server.AcceptAsync();
        var follow = await second.ReceiveAsync<FollowThreadsFrame>();
        await second.SendAsync(new Error { Code = ErrorCode.StaleCursor, Message = "restored", Id = follow.Id });
        (await second.ReceiveAsync<FollowThreadsFrame>()).Cursor.Should().BeNull();
        await second.SendAsync(Listed("thr_b", 1, cursor: null));
        list.Threads.Select(thread => thread.ThreadId.Value).Should().Equal("thr_a");
        await second.SendAsync(CaughtUp("new.1", log: "new"));

        (await TakeAsync(list.Changes(), 3)).Select(Name).Should().Equal("thr_a", nameof(ThreadListReplaced), "thr_b");
        list.Threads.Select(thread => thread.ThreadId.Value).Should().Equal("thr_b");
        list.LogId.Should().Be("new");
        client.Abort();
    }

    [Fact]
    public async Task A_follow_that_cannot_be_taken_now_is_sent_again_later()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        var follow = await socket.ReceiveAsync<FollowThreadsFrame>();
        await socket.SendAsync(new Error { Code = ErrorCode.Unavailable, Message = "away", Id = follow.Id, RetryAfterMs = 1 });

        (await socket.ReceiveAsync<FollowThreadsFrame>()).Id.Should().NotBe(follow.Id);
        await socket.SendAsync(CaughtUp("log.1"));

        await using var list = await following.Soon();
        list.Threads.Should().BeEmpty();
        client.Abort();
    }

    [Fact]
    public async Task One_list_is_followed_at_a_time_and_the_next_only_when_the_server_sends_nothing_of_it_any_more()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        await socket.ReceiveAsync<FollowThreadsFrame>();
        await socket.SendAsync(CaughtUp("log.1"));
        var list = await following.Soon();
        await FluentActions.Awaiting(() => client.FollowThreadsAsync()).Should().ThrowAsync<InvalidOperationException>();

        var ending = list.DisposeAsync().AsTask();
        var unfollow = await socket.ReceiveAsync<UnfollowThreadsFrame>();
        await socket.SendAsync(Listed("thr_late", 2, "log.2"));
        await FluentActions.Awaiting(() => client.FollowThreadsAsync()).Should().ThrowAsync<InvalidOperationException>();
        await socket.SendAsync(new Ack { Id = unfollow.Id, Status = AckStatus.Accepted });
        await ending.Soon();
        await list.DisposeAsync();

        list.Threads.Should().BeEmpty();
        (await TakeAsync(list.Changes(), 1)).Should().BeEmpty("it has ended");
        var again = client.FollowThreadsAsync();
        (await socket.ReceiveAsync<FollowThreadsFrame>()).Cursor.Should().BeNull();
        await socket.SendAsync(CaughtUp("log.3"));
        await again.Soon();
        await client.CloseAsync().Soon();
    }

    [Fact]
    public async Task Readers_of_a_connection_that_closed_for_good_hear_of_it()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowThreadsAsync();
        await socket.ReceiveAsync<FollowThreadsFrame>();
        await socket.SendAsync(CaughtUp("log.1"));
        var list = await following.Soon();
        var reading = TakeAsync(list.NewChanges(), 1);

        client.Abort();

        (await reading.Soon()).Should().BeEmpty("it was closed from this side");
        await list.DisposeAsync().AsTask().Soon();
        await FluentActions.Awaiting(() => client.FollowThreadsAsync()).Should().ThrowAsync<ChatClosedException>();
    }

    [Fact]
    public async Task What_was_read_is_said_again_on_the_next_socket_until_it_is_answered()
    {
        var (client, first) = await _server.OpenAsync();
        var reading = client.MarkReadAsync(TheThread, 7);
        var read = await first.ReceiveAsync<MarkReadFrame>();
        (read.ThreadId, read.Seq).Should().Be((TheThread, 7));
        first.Cut();

        var second = await _server.AcceptAsync();
        var again = await second.ReceiveAsync<MarkReadFrame>();
        await second.SendAsync(new Ack { Id = again.Id, Status = AckStatus.Accepted, ThreadId = TheThread, Seq = 7 });

        (await reading.Soon()).Seq.Should().Be(7);
        client.Abort();
    }

    private static ThreadListed Listed(string thread, int minute, string? cursor) => new()
    {
        ThreadId = new ThreadId(thread), Archived = false, CreatedAt = At, UpdatedAt = At.AddMinutes(minute), Head = minute, Running = false, NeedsApproval = false, Unread = false,
        HistoryBeginsAt = 1, Cursor = cursor,
    };

    private static ThreadsCaughtUp CaughtUp(string cursor, string log = "log", bool? hasMore = null) => new() { Cursor = cursor, LogId = log, HasMore = hasMore };

    private static string Name(ServerFrame change) => change switch
    {
        ThreadListed listed => listed.ThreadId.Value,
        ThreadUnlisted unlisted => $"-{unlisted.ThreadId}",
        _ => change.GetType().Name,
    };

    private static async Task<List<ServerFrame>> TakeAsync(IAsyncEnumerable<ServerFrame> changes, int count)
    {
        using var deadline = Deadline.Source();
        var taken = new List<ServerFrame>();
        await foreach (var change in changes.WithCancellation(deadline.Token))
        {
            taken.Add(change);
            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }
}
