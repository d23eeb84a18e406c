using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class FollowTests : OpenClient
{
    [Fact]
    [Trait("failure", "D14")]
    public async Task A_gap_in_seq_is_followed_by_one_follow_from_the_cursor_and_nothing_is_lost_or_doubled()
    {
        var follower = await FollowAsync(Message(1), CaughtUp(1));
        await Socket.SendAsync([Executed(4), Delta(0, "after the gap"), Completed(5, "after the gap", Part), .. LaterMessages]);

        (await Socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(1);
        await Socket.SendAsync(Started(2), Executing(3), Executed(4), Completed(5, "after the gap", Part));
        await Socket.SendAsync([.. LaterMessages, CaughtUp(30)]);

        await follower.WaitForAsync(threadEvent => threadEvent.Seq == 30).Soon();
        (await SeqsAsync(follower, 30)).Should().Equal(Enumerable.Range(1, 30).Select(seq => (long)seq));
        await ShouldHaveSentNothingElseAsync();
    }

    [Fact]
    public async Task A_gap_in_a_part_is_followed_by_a_follow_with_the_position()
    {
        var follower = await FollowAsync(Message(1), Started(2), Delta(0, "abc"), CaughtUp(2));
        await Socket.SendAsync(Delta(5, "fg"), Delta(7, "hi"));

        var again = await Socket.ReceiveAsync<FollowFrame>();
        again.AfterSeq.Should().Be(2);
        again.Parts.Should().Equal(new PartPosition { PartId = Part, Length = 3 });
        await Socket.SendAsync(Delta(3, "defghi"), CaughtUp(2), Delta(9, "j"), Completed(3, "abcdefghij", Part));

        await follower.WaitForRunEndAsync(Run).Soon();
        follower.Transcript.Run(Run)!.Text.Should().Be("abcdefghij");
        await ShouldHaveSentNothingElseAsync();
    }

    [Fact]
    public async Task A_head_beyond_the_last_event_is_a_gap_too()
    {
        var following = Client.FollowAsync(TheThread);
        await Socket.ReceiveAsync<FollowFrame>();
        await Socket.SendAsync(Message(1), CaughtUp(2));

        (await Socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(1);
        await following.Soon();
    }

    [Fact]
    [Trait("failure", "P3")]
    public async Task Duplicate_and_overlapping_frames_reach_the_reader_once_and_trimmed()
    {
        var follower = await FollowAsync(Message(1), Started(2), CaughtUp(2));
        await Socket.SendAsync(
            Delta(0, "Grüße 👋"), Message(1), Delta(0, "Grüße"), Delta(6, "👋, Welt"), Delta(6, "👋, Welt"), Started(2), Completed(3, "Grüße 👋, Welt", Part));

        var said = "";
        using var deadline = Deadline.Source();
        await foreach (var frame in follower.Events(deadline.Token))
        {
            if (frame is PartDelta delta)
            {
                delta.Offset.Should().Be(said.Length);
                said += delta.Text;
            }
            else if (frame is AgentCompleted completed)
            {
                said.Should().Be(completed.Content);
                break;
            }
        }

        follower.Cursor.Should().Be(3);
    }

    [Fact]
    public async Task The_thread_of_a_message_is_followed_from_that_message_on()
    {
        var sending = Client.ChatAsync("hello", TheThread);
        await Socket.SendAsync(Ack(await Socket.ReceiveAsync<ChatFrame>(), seq: 41));
        await sending.Soon();

        var follower = Client.FollowerOf(TheThread);
        follower.Cursor.Should().Be(40);
        await Socket.SendAsync(Message(41), Started(42), Completed(43, ""));

        (await follower.WaitForAnswerAsync(Question).Soon()).Should().BeOfType<AgentCompleted>();
    }

    [Fact]
    public async Task A_thread_followed_from_its_middle_can_be_followed_from_its_start()
    {
        var late = await FollowAsync([Message(3), CaughtUp(3)], afterSeq: 2);
        var following = Client.FollowAsync(TheThread);
        (await Socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(0);
        await Socket.SendAsync(Message(1), Message(2), Message(3), CaughtUp(3));

        (await SeqsAsync(await following.Soon(), 3)).Should().Equal(1, 2, 3);
        (await SeqsAsync(late, int.MaxValue)).Should().Equal([3], "the replaced follower ended");
    }

    [Fact]
    public async Task A_thread_that_is_not_ours_cannot_be_followed()
    {
        var following = Client.FollowAsync(TheThread);
        var follow = await Socket.ReceiveAsync<FollowFrame>();
        await Socket.SendAsync(new Error { Code = ErrorCode.NotFound, Message = "There is no such thread.", Id = follow.Id });

        (await following.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.NotFound);
        Client.Invoking(client => client.FollowerOf(TheThread)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task An_unfollowed_thread_ends_its_readers_and_is_not_followed_after_a_reconnect()
    {
        var follower = await FollowAsync(Message(1), CaughtUp(1));
        var unfollowing = Client.UnfollowAsync(TheThread);
        await Socket.SendAsync(new Ack { Id = (await Socket.ReceiveAsync<UnfollowFrame>()).Id, Status = AckStatus.Accepted });
        await unfollowing.Soon();
        (await SeqsAsync(follower, int.MaxValue)).Should().Equal(1);
        Socket.Cut();

        var again = await Server.AcceptAsync();
        var sending = Client.ChatAsync("hello");
        await again.SendAsync(Ack(await again.ReceiveAsync<ChatFrame>()));
        await sending.Soon();
    }

    [Fact]
    [Trait("failure", "D35")]
    public async Task A_reader_that_is_further_behind_than_the_buffer_is_told_so()
    {
        var (client, socket) = await Server.OpenAsync(options => options with { FollowerBufferBytes = 1_000 });
        var following = client.FollowAsync(TheThread);
        await socket.ReceiveAsync<FollowFrame>();
        await socket.SendAsync([.. Enumerable.Range(1, 20).Select(seq => Message(seq, new string('x', 200))), CaughtUp(20)]);
        var follower = await following.Soon();

        await follower.Invoking(late => SeqsAsync(late, 20)).Should().ThrowAsync<FollowerOverrunException>();
        follower.Transcript.Entries.Should().HaveCount(20);
        client.Abort();
    }

    private static IEnumerable<ServerFrame> LaterMessages => Enumerable.Range(6, 25).Select(seq => Message(seq));

    private Task<ThreadFollower> FollowAsync(params ServerFrame[] answer) => FollowAsync(answer, afterSeq: 0);

    private async Task<ThreadFollower> FollowAsync(ServerFrame[] answer, long afterSeq)
    {
        var following = Client.FollowAsync(TheThread, afterSeq);
        (await Socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(afterSeq);
        await Socket.SendAsync(answer);
        return await following.Soon();
    }

    private static async Task<List<long>> SeqsAsync(ThreadFollower follower, int count)
    {
        var seqs = new List<long>();
        using var deadline = Deadline.Source();
        await foreach (var frame in follower.Events(deadline.Token))
        {
            if (frame is ThreadEvent threadEvent)
            {
                seqs.Add(threadEvent.Seq);
                if (seqs.Count == count)
                {
                    break;
                }
            }
        }

        return seqs;
    }

    /// <summary>Frames are sent in order, so a ping that is the next to arrive shows that nothing was before it.</summary>
    private async Task ShouldHaveSentNothingElseAsync()
    {
        var pinging = Client.PingAsync();
        var ping = await Socket.ReceiveAsync<PingFrame>();
        await Socket.SendAsync(new Pong { Id = ping.Id, ServerTime = DateTimeOffset.UnixEpoch });
        (await pinging.Soon()).ServerTime.Should().Be(DateTimeOffset.UnixEpoch);
    }
}
