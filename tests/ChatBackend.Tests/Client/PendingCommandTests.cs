using System.Runtime.CompilerServices;
using System.Text;
using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class PendingCommandTests
{
    private static readonly ClientFrameId Id = new("c_1");
    private const string Stop = """{"type":"stop","id":"c_1","thread_id":"thr_1"}""";
    private const string NotFound = """{"type":"error","id":"c_1","code":"not_found","message":"No."}""";

    [Fact]
    public async Task What_was_kept_is_sent_again_byte_for_byte_and_what_was_refused_is_answered_already()
    {
        const string Spaced = """{ "type":"stop",  "thread_id":"thr_1", "id":"c_1" }""";
        var waits = PendingCommand.Restore(new StoredSend(Id, Spaced));
        (waits.Id, waits.IsRestored, waits.IsSaved, waits.Bytes, waits.Answer.Task.IsCompleted).Should().Be((Id, true, true, Spaced.Length, false));
        Encoding.UTF8.GetString(waits.Encode()).Should().Be(Spaced);
        waits.ToStored().Should().Be(new StoredSend(Id, Spaced));

        var refused = PendingCommand.Restore(new StoredSend(Id, Stop, NotFound));
        (await FluentActions.Awaiting(() => refused.Answer.Task).Should().ThrowAsync<ChatErrorException>()).Which.Message.Should().Be("NotFound: No.");
        var stored = refused.ToStored(new Error { Id = Id, Code = ErrorCode.NotFound, Message = "No." });
        PendingCommand.Restore(stored).Answer.Task.IsFaulted.Should().BeTrue("what is kept of a refusal can be read again");
    }

    [Theory]
    [InlineData("Dear diary")]
    [InlineData("""{"type":"stop","id":"c_2","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"follow","id":"c_1","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"ping","id":"c_1"}""")]
    public void What_is_not_a_command_of_that_id_that_takes_effect_once_is_refused(string json) =>
        FluentActions.Invoking(() => PendingCommand.Restore(new StoredSend(Id, json))).Should().Throw<InvalidDataException>()
            .WithMessage("c_1 of the store is not a command that takes effect once.");

    [Theory]
    [InlineData("Dear diary")]
    [InlineData("""{"type":"pong","server_time":"2026-11-23T09:30:00Z"}""")]
    public void A_refusal_that_is_not_an_error_frame_is_refused(string json) =>
        FluentActions.Invoking(() => PendingCommand.Restore(new StoredSend(Id, Stop, json))).Should().Throw<InvalidDataException>()
            .WithMessage("What c_1 of the store was refused with cannot be read.");

    [Fact]
    public void Chat_stop_and_decide_take_effect_once_and_the_others_may_be_repeated()
    {
        ClientCommand[] once = [Chat("thr_1"), new StopFrame { Id = Id, ThreadId = TheThread }, Decide("thr_1")];
        ClientCommand[] often = [new UnfollowFrame { Id = Id, ThreadId = TheThread }, new AuthenticateFrame { Id = Id, Token = "t" }];

        once.Should().OnlyContain(command => PendingCommand.TakesEffectOnce(command));
        often.Should().NotContain(command => PendingCommand.TakesEffectOnce(command));
    }

    [Fact]
    public void Commands_of_one_thread_hold_each_other_up_and_no_others()
    {
        ClientCommand[] ofOne = [Chat("thr_1"), new StopFrame { Id = Id, ThreadId = TheThread }, Decide("thr_1"), new UnfollowFrame { Id = Id, ThreadId = TheThread }];
        foreach (var command in ofOne)
        {
            new PendingCommand(command).HoldsUp(new PendingCommand(Chat("thr_1"))).Should().BeTrue("{0}", command);
            new PendingCommand(command).HoldsUp(new PendingCommand(Chat("thr_2"))).Should().BeFalse("{0}", command);
            new PendingCommand(Chat(null)).HoldsUp(new PendingCommand(command)).Should().BeFalse("{0}", command);
        }

        new PendingCommand(Chat(null)).HoldsUp(new PendingCommand(Chat(null))).Should().BeFalse("each opens a thread of its own");
        new PendingCommand(Chat(null)).HoldsUp(new PendingCommand(new AuthenticateFrame { Id = Id, Token = "t" })).Should().BeFalse();
        var follow = new PendingCommand(new ThreadFollower(TheThread, default, 0));
        follow.HoldsUp(new PendingCommand(Chat("thr_1"))).Should().BeFalse();
        new PendingCommand(Chat("thr_1")).HoldsUp(follow).Should().BeFalse();
        new PendingCommand(Chat(null)).HoldsUp(follow).Should().BeFalse();
    }

    [Fact]
    public void Each_refusal_for_now_waits_longer_and_at_least_as_long_as_the_server_asks()
    {
        var command = new PendingCommand(Chat("thr_1"));
        command.WasDeferred.Should().BeFalse();

        TimeSpan[] waits =
        [
            command.RefuseForNow(null), command.RefuseForNow(TimeSpan.FromMilliseconds(400)), command.RefuseForNow(TimeSpan.FromSeconds(60)), .. Enumerable.Range(0, 4).Select(_ => command.RefuseForNow(null)),
        ];

        waits.Select(wait => wait.TotalSeconds).Should().Equal(0.25, 0.5, 60, 2, 4, 8, 10);
        command.WasDeferred.Should().BeTrue();
    }

    [Fact]
    public void A_follow_says_each_time_where_its_follower_is_under_a_new_id()
    {
        var follower = new ThreadFollower(TheThread, new ThreadCursor(0), 1000);
        var follow = new PendingCommand(follower);
        (follower.IsFollowDue, follow.Command, follow.Bytes).Should().Be((true, null, 0));
        var first = (FollowFrame)ClientFrameReader.Read(follow.Encode()).Frame!;
        (first.Id, first.ThreadId, first.AfterSeq, first.AfterAt).Should().Be((follow.Id, TheThread, 0, null));

        follow.IsSent = true;
        follower.IsFollowDue.Should().BeFalse();
        follower.Take(Message(1), 10);
        follow.IsSent = false;
        follower.IsFollowDue.Should().BeTrue();

        var encoded = follow.Encode();
        var second = (FollowFrame)ClientFrameReader.Read(encoded).Frame!;
        (second.Id, second.AfterSeq, second.AfterAt).Should().Be((follow.Id, 1, Message(1).At));
        second.Id.Should().NotBe(first.Id);
        follow.Bytes.Should().Be(encoded.Length);
    }

    [Fact]
    public void Only_the_same_bytes_say_the_same()
    {
        new PendingCommand(Chat("thr_1")).SaysTheSameAs(new PendingCommand(Chat("thr_1"))).Should().BeTrue();
        new PendingCommand(Chat("thr_1")).SaysTheSameAs(new PendingCommand(Chat("thr_2"))).Should().BeFalse();
    }

    [Fact]
    public void A_failure_that_nobody_waits_for_disturbs_nobody()
    {
        var end = new ChatClosedException(new ConnectionEnd { Reason = "over" });
        var unobserved = new List<Exception>();
        TaskScheduler.UnobservedTaskException += Add;
        try
        {
            Leave(end);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Add;
        }

        unobserved.Should().NotContain(end);

        void Add(object? sender, UnobservedTaskExceptionEventArgs args) => unobserved.AddRange(args.Exception.InnerExceptions);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Leave(Exception end)
        {
            new PendingCommand(new ThreadFollower(TheThread, default, 0)).Answer.SetException(end);
            new PendingCommand(Chat("thr_1")).Becomes(Task.FromException<Ack?>(end));
        }
    }

    private static ChatFrame Chat(string? thread) => new() { Id = Id, Content = "hello", ThreadId = thread is null ? null : new ThreadId(thread) };

    private static DecideFrame Decide(string thread) =>
        new() { Id = Id, ThreadId = new ThreadId(thread), CallId = Call, ArgumentsDigest = "sha", Decision = ApprovalDecision.Approve };
}
