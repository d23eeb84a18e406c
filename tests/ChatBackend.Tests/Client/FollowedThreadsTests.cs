using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Client.Threads;
using ChatBackend.Following;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>When a thread is followed again, after how long, and when no more.</summary>
public sealed class FollowedThreadsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CommandQueue _commands;
    private readonly FollowedThreads _threads;

    public FollowedThreadsTests()
    {
        _commands = new CommandQueue(_clock, maxWaiting: 10, sendQueue: null, retriesRefused: true);
        _threads = new FollowedThreads(_commands, bufferBytes: 100_000);
        _commands.Begin(new SendWindow(Established().Limits), () => _threads.All);
    }

    [Fact]
    public async Task A_server_that_leaves_out_the_same_is_asked_less_and_less_often_and_then_given_up()
    {
        var (follower, _, _) = Follow();
        var waits = new List<double>();
        for (var round = 0; round < 8; round++)
        {
            Take(CaughtUp(5));
            waits.Add(NextFollow(out var asked).TotalMilliseconds);
            asked.AfterSeq.Should().Be(0);
        }

        _threads.Find(TheThread).Should().Be(follower);
        Take(CaughtUp(5));

        waits.Should().Equal(0, 100, 200, 400, 800, 1600, 3200, 6400);
        _threads.Find(TheThread).Should().BeNull();
        _commands.IsFollowing(follower).Should().BeFalse();
        (await follower.Invoking(late => late.ReadAsync()).Should().ThrowAsync<ThreadGapException>()).Which.Message.Should().Contain("after 0 ");
        await follower.Invoking(late => late.WaitForAsync(_ => true)).Should().ThrowAsync<ThreadGapException>();
    }

    [Fact]
    public void Something_new_makes_the_next_gap_one_that_is_asked_about_at_once()
    {
        Follow();
        Take(CaughtUp(5));
        NextFollow(out _);
        Take(CaughtUp(5));
        NextFollow(out _).TotalMilliseconds.Should().Be(100);

        Take(Message(1), CaughtUp(1), Message(3));

        NextFollow(out var again).Should().Be(TimeSpan.Zero);
        again.AfterSeq.Should().Be(1);
    }

    [Fact]
    public void Many_gaps_that_are_seen_before_the_follow_was_answered_are_one_follow()
    {
        Follow();
        Take(CaughtUp(0), Message(3), Message(4), Message(5));
        NextFollow(out _);
        Take(Message(6));

        _commands.Next(out _).Should().BeNull();
    }

    [Theory]
    [InlineData(ErrorCode.Unavailable)]
    [InlineData(ErrorCode.RateLimited)]
    [InlineData(ErrorCode.Internal)]
    public async Task A_follow_that_is_refused_for_now_is_repeated_after_what_the_server_asks_for_and_more_until_it_is_given_up(ErrorCode code)
    {
        var (follower, frame, _) = Follow();
        var waits = new List<double>();
        for (var round = 0; round < 8; round++)
        {
            Refuse(frame, code, round == 1 ? 300 : null);
            waits.Add(NextFollow(out frame).TotalMilliseconds);
        }

        Refuse(frame, code);

        waits.Should().Equal(0, 400, 200, 400, 800, 1600, 3200, 6400);
        _threads.All.Should().BeEmpty();
        (await follower.Invoking(late => late.ReadAsync()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(code);
    }

    [Fact]
    public async Task A_follow_that_is_refused_for_good_ends_its_follower_and_no_other()
    {
        var other = _threads.From(new ThreadId("thr_2"), default, out _);
        var (follower, frame, following) = Follow();

        Refuse(frame, ErrorCode.NotFound);

        _threads.All.Should().Equal(other);
        (await following.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.NotFound);
        await follower.Invoking(late => late.ReadAsync()).Should().ThrowAsync<ChatErrorException>();
        _commands.Next(out _).Should().BeNull();
    }

    [Theory]
    [InlineData(ErrorCode.Expired)]
    [InlineData(ErrorCode.StaleCursor)]
    public async Task A_history_that_begins_elsewhere_each_time_is_asked_for_less_and_less_often_and_then_given_up(ErrorCode code)
    {
        var (follower, frame, following) = Follow();
        var waits = new List<double>();
        for (var round = 0; round < 8; round++)
        {
            Refuse(frame, code, historyBeginsAt: 100 + round);
            waits.Add(NextFollow(out frame).TotalMilliseconds);
            (frame.AfterSeq, follower.Start, following.IsCompleted).Should().Be((99 + round, 99 + round, false));
        }

        Refuse(frame, code, historyBeginsAt: 200);

        waits.Should().Equal(0, 100, 200, 400, 800, 1600, 3200, 6400);
        (await following.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(code);
        _threads.All.Should().BeEmpty();
        follower.Transcript.Replacements.Should().Be(code == ErrorCode.StaleCursor ? 8 : 0);
    }

    [Fact]
    public void A_head_at_the_cursor_is_all_there_is_and_one_behind_it_is_another_history()
    {
        var (follower, _, following) = Follow();
        Take(Message(1), Message(2), CaughtUp(2));
        following.IsCompletedSuccessfully.Should().BeTrue();
        (_commands.Next(out _), follower.Cursor).Should().Be((null, 2));

        Take(CaughtUp(1));

        NextFollow(out var again).Should().Be(TimeSpan.Zero);
        (again.AfterSeq, follower.Cursor, follower.Transcript.Replacements).Should().Be((0, 0, 1));
    }

    [Fact]
    public void What_comes_while_a_follow_waits_to_be_sent_is_not_for_the_follower()
    {
        var follower = _threads.From(TheThread, new ThreadCursor(2), out _);
        var following = _commands.Follow(follower, TimeSpan.FromSeconds(1));

        Take(Message(3), CaughtUp(1), CaughtUp(3));

        (follower.Cursor, follower.Transcript.Replacements, following.IsCompleted).Should().Be((2, 0, false));
    }

    [Fact]
    public async Task A_thread_that_was_deleted_ends_its_follower_and_one_that_nobody_follows_changes_nothing()
    {
        var (follower, _, following) = Follow();
        Take(Message(1), new ThreadDeleted { ThreadId = new("thr_2") }, Message(1) with { ThreadId = new("thr_2") }, new UnknownFrame("party", default));
        follower.Cursor.Should().Be(1);

        Take(new ThreadDeleted { ThreadId = TheThread });

        _threads.All.Should().BeEmpty();
        await following.Invoking(task => task.Soon()).Should().ThrowAsync<ThreadDeletedException>();
        await follower.Invoking(late => late.ReadAsync()).Should().ThrowAsync<ThreadDeletedException>();
    }

    [Theory]
    [InlineData(41L, 40L)]
    [InlineData(1L, 0L)]
    [InlineData(null, 0L)]
    public void The_thread_of_a_message_is_followed_from_before_it(long? seq, long cursor)
    {
        var command = new ChatFrame { Id = new("c_1"), Content = "hello" };
        _ = _commands.AddAsync(command, default);
        _commands.Next(out _);

        Take(Ack(command) with { Seq = seq });

        _threads.All.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Thread = TheThread, Cursor = cursor, Start = cursor });
        _commands.Next(out _).Should().BeNull("the server follows it by itself");
    }

    [Fact]
    public void An_answer_to_anything_else_follows_nothing_and_a_followed_thread_keeps_its_follower()
    {
        var stop = new StopFrame { Id = new("c_1"), ThreadId = TheThread };
        var chat = new ChatFrame { Id = new("c_2"), Content = "hello" };
        _ = _commands.AddAsync(stop, default);
        _ = _commands.AddAsync(chat, default);
        _commands.Next(out _);
        _commands.Next(out _);
        Take(Ack(stop));
        _threads.All.Should().BeEmpty();
        var known = _threads.From(TheThread, new ThreadCursor(3), out _);

        Take(Ack(chat, seq: 9));

        _threads.All.Should().Equal(known);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, true)]
    [InlineData(4, false)]
    public async Task A_follower_serves_a_reader_that_wants_no_more_than_it_has(long after, bool isShared)
    {
        var known = _threads.From(TheThread, new ThreadCursor(5), out var isNew);
        isNew.Should().BeTrue();
        var following = _commands.Follow(known, TimeSpan.Zero);

        _threads.From(TheThread, new ThreadCursor(after), out isNew).Should().Match<ThreadFollower>(found => found == known == isShared);

        isNew.Should().Be(!isShared);
        _threads.Find(TheThread)!.Start.Should().Be(isShared ? 5 : after);
        if (!isShared)
        {
            (await following.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>()).Which.Message
                .Should().Be("The connection is closed: thr_1 is no longer followed.");
            (await known.ReadAsync()).Should().BeEmpty("it ended quietly");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_the_connection_is_quiet_for_readers_only_when_this_side_wanted_it(bool isOurs)
    {
        var end = new ChatClosedException(new ConnectionEnd { Reason = "over", IsOurs = isOurs });
        var (follower, _, _) = Follow();

        _threads.End(end);

        await follower.Invoking(late => late.WaitForAsync(_ => true)).Should().ThrowAsync<ChatClosedException>();
        var reading = follower.ReadAsync();
        if (isOurs)
        {
            (await reading).Should().BeEmpty();
        }
        else
        {
            (await reading.Invoking(task => task).Should().ThrowAsync<ChatClosedException>()).Which.Should().BeSameAs(end);
        }
    }

    private (ThreadFollower Follower, FollowFrame Frame, Task Following) Follow()
    {
        var follower = _threads.From(TheThread, default, out _);
        var following = _commands.Follow(follower, TimeSpan.Zero);
        NextFollow(out var frame);
        return (follower, frame, following);
    }

    private void Take(params ServerFrame[] frames)
    {
        foreach (var frame in frames)
        {
            _threads.Take(frame, 100);
        }
    }

    private void Refuse(FollowFrame follow, ErrorCode code, int? retryAfterMs = null, long? historyBeginsAt = null) =>
        Take(new Error { Id = follow.Id, Code = code, Message = "No.", RetryAfterMs = retryAfterMs, HistoryBeginsAt = historyBeginsAt });

    /// <returns>How long it took until the follow was due.</returns>
    private TimeSpan NextFollow(out FollowFrame frame)
    {
        var waited = TimeSpan.Zero;
        var next = _commands.Next(out var due);
        if (next is null)
        {
            _clock.Advance(waited = due!.Value);
            next = _commands.Next(out _);
        }

        frame = ClientFrameReader.Read(next).Frame.Should().BeOfType<FollowFrame>().Subject;
        return waited;
    }
}
