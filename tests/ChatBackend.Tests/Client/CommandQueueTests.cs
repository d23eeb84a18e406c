using System.Text;
using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What a client has to send when a socket is there.</summary>
public sealed class CommandQueueTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CommandQueue _commands;

    public CommandQueueTests() => _commands = new CommandQueue(_clock, maxWaiting: 2, sendQueue: null, retriesRefused: true);

    [Fact]
    [Trait("failure", "D15")]
    public void A_follow_that_is_asked_for_while_the_socket_begins_is_sent()
    {
        var follower = new ThreadFollower(TheThread, new ThreadCursor(7), bufferBytes: 0);

        // The followers of the connection were looked up a moment before this one was added to them.
        var following = _commands.Follow(follower, TimeSpan.Zero);
        Begin();

        Encoding.UTF8.GetString(_commands.Next(out _)!).Should().Contain("\"follow\"").And.Contain("thr_1").And.Contain("7");
        following.IsCompleted.Should().BeFalse();
        _commands.Answer(new CaughtUp { ThreadId = follower.Thread, Seq = 7 });
        following.IsCompletedSuccessfully.Should().BeTrue();
        _commands.Next(out _).Should().BeNull();
    }

    [Fact]
    public void On_a_new_socket_each_follower_is_followed_once_then_everything_unanswered_is_sent_again_in_order()
    {
        ThreadFollower[] followers = [new(new ThreadId("thr_1"), default, 0), new(new ThreadId("thr_2"), default, 0)];
        Begin();
        _ = _commands.AddAsync(Stop("c_1"), default);
        Next<StopFrame>();
        Refuse("c_1", retryAfterMs: 3_600_000);
        _ = _commands.AddAsync(Stop("c_2"), default);
        _ = _commands.Follow(followers[1], TimeSpan.FromHours(1));

        Begin(followers);

        new[] { Next<FollowFrame>(), Next<FollowFrame>() }.Select(frame => frame.ThreadId.Value).Should().BeEquivalentTo("thr_1", "thr_2");
        new[] { Next<StopFrame>(), Next<StopFrame>() }.Select(frame => frame.Id.Value).Should().Equal(["c_1", "c_2"], "a new socket is a new chance");
        _commands.Next(out _).Should().BeNull();
    }

    [Fact]
    public async Task Without_a_socket_nothing_is_sent_and_what_only_the_last_one_knew_is_over()
    {
        Begin();
        _commands.Ping(new PingFrame());
        var unfollowing = _commands.AddAsync(new UnfollowFrame { Id = new("c_1"), ThreadId = TheThread }, default);
        var stopping = _commands.AddAsync(Stop("c_2"), default);

        _commands.Pause();

        _commands.Next(out var due).Should().BeNull();
        due.Should().BeNull();
        (await unfollowing.Soon()).Should().BeNull("a socket that is gone follows nothing");
        stopping.IsCompleted.Should().BeFalse();
        Begin();
        Next<StopFrame>().Id.Value.Should().Be("c_2");
        _commands.Next(out _).Should().BeNull("neither the ping nor the unfollow is of this socket");
    }

    [Fact]
    public async Task No_more_wait_than_may_and_who_gives_up_makes_room()
    {
        using var giveUp = new CancellationTokenSource();
        var first = _commands.AddAsync(Stop("c_1"), giveUp.Token);
        _ = _commands.AddAsync(Stop("c_2"), default);

        await _commands.Invoking(full => full.AddAsync(Stop("c_3"), default)).Should().ThrowAsync<InvalidOperationException>().WithMessage("2 commands wait for their answer already.");
        await giveUp.CancelAsync();
        await first.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        _ = _commands.AddAsync(Stop("c_4"), default);

        Begin();
        new[] { Next<StopFrame>(), Next<StopFrame>() }.Select(frame => frame.Id.Value).Should().Equal("c_2", "c_4");
    }

    [Fact]
    public async Task Pings_go_first_and_an_answer_is_of_the_command_that_was_sent_with_its_id()
    {
        Begin();
        var stopping = _commands.AddAsync(Stop("c_1"), default);
        _commands.Ping(new PingFrame { Id = new("p_1") });
        var told = 0;
        _commands.Answer(AckOf("c_1"), _ => told++);
        _commands.Answer(new CaughtUp { ThreadId = TheThread, Seq = 1 });
        stopping.IsCompleted.Should().BeFalse("it was not sent");

        Next<PingFrame>().Id!.Value.Value.Should().Be("p_1");
        Next<StopFrame>();
        _commands.Answer(AckOf("c_2"), _ => told++);
        (told, stopping.IsCompleted).Should().Be((0, false));
        _commands.Answer(AckOf("c_1"), command =>
        {
            told++;
            (command.Id.Value, stopping.IsCompleted).Should().Be(("c_1", false), "what follows from it is done before the caller knows");
        });

        (await stopping.Soon())!.Id.Value.Should().Be("c_1");
        told.Should().Be(1);
    }

    [Fact]
    public async Task What_is_over_takes_nothing_more_and_everyone_who_waits_is_told()
    {
        var end = new ChatClosedException(new ConnectionEnd { Reason = "over" });
        var stopping = _commands.AddAsync(Stop("c_1"), default);
        var following = _commands.Follow(new ThreadFollower(TheThread, default, 0), TimeSpan.Zero);

        _commands.End(end);

        foreach (var waiting in new[] { stopping, following, _commands.AddAsync(Stop("c_2"), default), _commands.Follow(new ThreadFollower(TheThread, default, 0), TimeSpan.Zero) })
        {
            (await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>()).Which.Should().BeSameAs(end);
        }

        Begin();
        _commands.Next(out _).Should().BeNull();
    }

    [Fact]
    public async Task A_follow_waits_for_its_time_and_is_sent_once_until_it_is_asked_for_again()
    {
        Begin();
        var follower = new ThreadFollower(TheThread, default, 0);
        _commands.IsFollowing(follower).Should().BeFalse();
        var following = _commands.Follow(follower, TimeSpan.FromSeconds(2));
        _commands.Next(out var due).Should().BeNull();
        (due, _commands.IsFollowing(follower)).Should().Be((TimeSpan.FromSeconds(2), true));
        _commands.Follow(follower, TimeSpan.Zero).Should().BeSameAs(following);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var first = Next<FollowFrame>();
        _commands.Next(out _).Should().BeNull();

        _commands.FollowAgain(follower, TimeSpan.FromSeconds(3));
        _commands.Next(out due).Should().BeNull();
        due.Should().Be(TimeSpan.FromSeconds(3));
        _clock.Advance(TimeSpan.FromSeconds(3));
        Next<FollowFrame>().Id.Should().NotBe(first.Id);

        _commands.Forget(follower, new IOException("gone"));
        _commands.IsFollowing(follower).Should().BeFalse();
        await following.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();
        _commands.FollowAgain(follower, TimeSpan.Zero);
        Next<FollowFrame>();
    }

    [Fact]
    public async Task Who_waits_for_a_follow_may_give_up_and_another_followers_is_untouched()
    {
        Begin();
        using var giveUp = new CancellationTokenSource();
        var (mine, other) = (new ThreadFollower(TheThread, default, 0), new ThreadFollower(new ThreadId("thr_2"), default, 0));
        var waiting = _commands.FollowAsync(mine, giveUp.Token);
        var others = _commands.Follow(other, TimeSpan.Zero);
        await giveUp.CancelAsync();
        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();

        _commands.Forget(mine, new IOException());

        (others.IsCompleted, _commands.IsFollowing(other)).Should().Be((false, true));
        Next<FollowFrame>().ThreadId.Value.Should().Be("thr_2");
    }

    [Fact]
    public async Task What_is_refused_for_now_is_sent_again_later_and_any_other_refusal_is_the_callers()
    {
        Begin();
        var stopping = _commands.AddAsync(Stop("c_1"), default);
        Refuse("c_1").Should().BeNull("it was not sent");
        Next<StopFrame>();
        Refuse("c_9").Should().BeNull();
        Refuse("c_1").Should().BeNull();
        _commands.Next(out var due).Should().BeNull();
        due.Should().Be(TimeSpan.FromMilliseconds(250));
        _clock.Advance(TimeSpan.FromMilliseconds(250));
        Next<StopFrame>();
        Refuse("c_1", ErrorCode.RateLimited, retryAfterMs: 700);
        _commands.Next(out due).Should().BeNull();
        due.Should().Be(TimeSpan.FromMilliseconds(700));
        _clock.Advance(TimeSpan.FromMilliseconds(700));
        Next<StopFrame>();
        stopping.IsCompleted.Should().BeFalse();

        Refuse("c_1", ErrorCode.NotFound);

        (await stopping.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.NotFound);
    }

    [Fact]
    public async Task Who_wants_no_retries_hears_of_a_refusal_for_now()
    {
        var commands = new CommandQueue(_clock, 2, sendQueue: null, retriesRefused: false);
        commands.Begin(new SendWindow(Established().Limits), () => []);
        var stopping = commands.AddAsync(Stop("c_1"), default);
        commands.Next(out _);

        commands.Refuse(new Error { Id = new("c_1"), Code = ErrorCode.Unavailable, Message = "Later." });

        await stopping.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>();
    }

    [Fact]
    public void A_follow_that_is_refused_names_its_follower_and_one_that_may_begin_elsewhere_is_not_answered()
    {
        Begin();
        var follower = new ThreadFollower(TheThread, default, 0);
        var following = _commands.Follow(follower, TimeSpan.Zero);
        var id = Next<FollowFrame>().Id.Value;

        Refuse(id, ErrorCode.StaleCursor, historyBeginsAt: 1).Should().Be(follower);
        Refuse(id, ErrorCode.Expired, historyBeginsAt: 7).Should().Be(follower);
        following.IsCompleted.Should().BeFalse();
        Refuse(id, ErrorCode.Unavailable).Should().Be(follower, "it is for the follower to say when");
        following.IsFaulted.Should().BeTrue();
        _commands.IsFollowing(follower).Should().BeFalse();
    }

    [Theory]
    [InlineData(ErrorCode.Expired, 1L, true)]
    [InlineData(ErrorCode.StaleCursor, 1L, true)]
    [InlineData(ErrorCode.StaleCursor, null, false)]
    [InlineData(ErrorCode.NotFound, 1L, false)]
    public void A_follow_begins_again_when_the_server_says_where(ErrorCode code, long? begins, bool again) =>
        CommandQueue.BeginsAgain(new Error { Code = code, Message = "", HistoryBeginsAt = begins }).Should().Be(again);

    private void Begin(params ThreadFollower[] followers) => _commands.Begin(new SendWindow(Established().Limits), () => followers);

    private TFrame Next<TFrame>() => ClientFrameReader.Read(_commands.Next(out _)).Frame.Should().BeOfType<TFrame>().Subject;

    private ThreadFollower? Refuse(string id, ErrorCode code = ErrorCode.Unavailable, int? retryAfterMs = null, long? historyBeginsAt = null) =>
        _commands.Refuse(new Error { Id = new(id), Code = code, Message = "No.", RetryAfterMs = retryAfterMs, HistoryBeginsAt = historyBeginsAt });

    private static StopFrame Stop(string id) => new() { Id = new(id), ThreadId = TheThread };

    private static Ack AckOf(string id) => new() { Id = new(id), Status = AckStatus.Accepted };
}
