using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>Threads whose beginning, or all of which, is gone.</summary>
public sealed class FollowEndTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    [Trait("failure", "D15")]
    public async Task When_events_after_the_cursor_are_gone_the_follower_says_so_and_begins_where_history_does()
    {
        var (client, first) = await _server.OpenAsync();
        var following = client.FollowAsync(TheThread);
        await first.ReceiveAsync<FollowFrame>();
        await first.SendAsync(Message(1), Started(2), CaughtUp(2));
        var follower = await following.Soon();
        var waiting = follower.WaitForRunEndAsync(Run);
        first.Cut();

        var second = await _server.AcceptAsync();
        var refused = await second.ReceiveAsync<FollowFrame>();
        refused.AfterSeq.Should().Be(2);
        await second.SendAsync(new Error { Id = refused.Id, Code = ErrorCode.Expired, Message = "Gone.", HistoryBeginsAt = 120 });
        var again = await second.ReceiveAsync<FollowFrame>();
        again.AfterSeq.Should().Be(119);
        again.Parts.Should().BeEmpty();
        await second.SendAsync(Message(120, "later"), CaughtUp(120));

        (await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<HistoryExpiredException>()).Which.BeginsAt.Should().Be(120);
        var seen = new List<ServerFrame>();
        await foreach (var frame in follower.Events(Deadline.Source().Token))
        {
            seen.Add(frame);
            if (frame is ThreadEvent { Seq: 120 })
            {
                break;
            }
        }

        seen.Should().Equal(Message(1), Started(2), new HistoryExpired(TheThread, 120), Message(120, "later"));
        follower.Start.Should().Be(119);
        follower.Cursor.Should().Be(120);
        follower.Transcript.Entries.Should().ContainSingle().Which.Should().BeOfType<UserEntry>().Which.Content.Should().Be("later");
        client.Abort();
    }

    [Fact]
    public async Task A_server_whose_history_never_begins_where_it_says_is_not_asked_without_end()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowAsync(TheThread);
        var asked = 0;
        while (!following.IsCompleted)
        {
            var receiving = socket.ReceiveAsync<FollowFrame>();
            if (await Task.WhenAny(receiving, following) == receiving)
            {
                asked++;
                await socket.SendAsync(new Error { Id = (await receiving).Id, Code = ErrorCode.Expired, Message = "Gone.", HistoryBeginsAt = 120 });
            }
        }

        (await following.Invoking(task => task).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.Expired);
        asked.Should().BeLessThan(20);
        client.Abort();
    }

    [Fact]
    public async Task A_deleted_thread_ends_its_follower_and_is_not_followed_on_the_next_socket()
    {
        var (client, first) = await _server.OpenAsync();
        var following = client.FollowAsync(TheThread);
        await first.ReceiveAsync<FollowFrame>();
        await first.SendAsync(Message(1), CaughtUp(1));
        var follower = await following.Soon();
        var waiting = follower.WaitForRunEndAsync(Run);

        await first.SendAsync(new ThreadDeleted { ThreadId = TheThread });

        (await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ThreadDeletedException>()).Which.Thread.Should().Be(TheThread);
        var reading = async () =>
        {
            await foreach (var frame in follower.Events(Deadline.Source().Token))
            {
                frame.Should().Be(Message(1));
            }
        };
        await reading.Should().ThrowAsync<ThreadDeletedException>();
        client.Invoking(connection => connection.FollowerOf(TheThread)).Should().Throw<InvalidOperationException>();
        first.Cut();
        var second = await _server.AcceptAsync();
        var sending = client.ChatAsync("new");
        await second.SendAsync(Ack(await second.ReceiveAsync<ChatFrame>()));
        await sending.Soon();
        client.Abort();
    }

    [Fact]
    public async Task A_connection_that_is_over_ends_who_waits_for_its_threads_and_who_reads_them()
    {
        var (client, socket) = await _server.OpenAsync();
        var following = client.FollowAsync(TheThread);
        await socket.ReceiveAsync<FollowFrame>();
        await socket.SendAsync(Message(1), Started(2), CaughtUp(2));
        var follower = await following.Soon();
        var waiting = follower.WaitForRunEndAsync(Run);

        client.Abort();

        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
        var seen = new List<ServerFrame>();
        await foreach (var frame in follower.Events(Deadline.Source().Token))
        {
            seen.Add(frame); // up to a quiet end, since this side wanted it
        }

        seen.Should().Equal(Message(1), Started(2));
    }

    [Fact]
    public async Task A_frame_that_is_larger_than_any_may_be_breaks_the_socket_and_the_next_one_goes_on()
    {
        var lost = new TaskCompletionSource<ConnectionEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (client, first) = await _server.OpenAsync(options => options with { MaxFrameBytes = 2000, OnDisconnected = lost.SetResult });

        await first.SendAsync(Message(1, new string('x', 1500)));
        lost.Task.IsCompleted.Should().BeFalse();
        await first.SendAsync(Message(2, new string('x', 2000)));

        var end = await lost.Task.Soon();
        end.Reason.Should().Contain("2000 bytes");
        end.IsOurs.Should().BeFalse();
        first.Cut();
        await _server.AcceptAsync();
        client.Abort();
    }
}
