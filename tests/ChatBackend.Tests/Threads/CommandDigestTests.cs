using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Threads;

/// <summary>Two commands are one only if they say the same.</summary>
public sealed class CommandDigestTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly ChatCommand Chat = new(new UserId("usr_1"), new ClientFrameId("c"), "hello", "agent", WhenRunning.Queue, Thread, null, null);
    private static readonly StopCommand Stop = new(new UserId("usr_1"), new ClientFrameId("c"), new RunId("run_1"), null);
    private static readonly SelectBranchCommand Select = new(new UserId("usr_1"), new ClientFrameId("c"), new MessageId("msg_1"));
    private static readonly FeedbackCommand Feedback = new(new UserId("usr_1"), new ClientFrameId("c"), new MessageId("msg_1"), FeedbackRating.Up, "note");
    private static readonly DecideCommand Decide = new(new UserId("usr_1"), new ClientFrameId("c"), new CallId("call_1"), "sha256:1", ApprovalDecision.Approve, "note");

    [Fact]
    public void Whatever_differs_in_what_is_said_gives_another_digest()
    {
        byte[][] digests =
        [
            CommandDigest.Of(Chat), CommandDigest.Of(Chat with { Content = "other" }), CommandDigest.Of(Chat with { Content = "" }), CommandDigest.Of(Chat with { Agent = null }),
            CommandDigest.Of(Chat with { Agent = "" }), CommandDigest.Of(Chat with { Content = "helloagent", Agent = "" }), CommandDigest.Of(Chat with { Content = "", Agent = "helloagent" }),
            CommandDigest.Of(Chat with { WhenRunning = WhenRunning.Steer }), CommandDigest.Of(Chat with { Thread = null }), CommandDigest.Of(Chat with { Thread = new ThreadId("thr_2") }),
            CommandDigest.Of(Chat with { Replaces = new MessageId("msg_1") }), CommandDigest.Of(Chat with { Replaces = new MessageId("msg_2") }),
            CommandDigest.Of(Stop, Thread), CommandDigest.Of(Stop, new ThreadId("thr_2")), CommandDigest.Of(Stop with { Run = null }, Thread), CommandDigest.Of(Stop with { Run = new RunId("run_2") }, Thread),
            CommandDigest.Of(Stop with { Message = new MessageId("msg_1") }, Thread), CommandDigest.Of(Stop with { Message = new MessageId("msg_2") }, Thread),
            CommandDigest.Of(Stop with { Run = null, Message = new MessageId("msg_1") }, Thread), CommandDigest.Of(Stop with { Message = new MessageId("msg_1") }, new ThreadId("thr_2")),
            CommandDigest.Of(Decide, Thread), CommandDigest.Of(Decide, new ThreadId("thr_2")), CommandDigest.Of(Decide with { Call = new CallId("call_2") }, Thread),
            CommandDigest.Of(Decide with { ArgumentsDigest = "sha256:2" }, Thread), CommandDigest.Of(Decide with { Decision = ApprovalDecision.Reject }, Thread),
            CommandDigest.Of(Decide with { Note = null }, Thread), CommandDigest.Of(Decide with { Note = "other" }, Thread),
            CommandDigest.Of(Select, Thread), CommandDigest.Of(Select, new ThreadId("thr_2")), CommandDigest.Of(Select with { Message = new MessageId("msg_2") }, Thread),
            CommandDigest.Of(Feedback, Thread), CommandDigest.Of(Feedback, new ThreadId("thr_2")), CommandDigest.Of(Feedback with { Message = new MessageId("msg_2") }, Thread),
            CommandDigest.Of(Feedback with { Rating = FeedbackRating.Down }, Thread), CommandDigest.Of(Feedback with { Note = null }, Thread), CommandDigest.Of(Feedback with { Note = "other" }, Thread),
        ];

        digests.Should().OnlyContain(digest => digest.Length == 32);
        digests.Select(Convert.ToHexString).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Who_sends_it_when_and_from_where_is_not_part_of_it()
    {
        var (user, id) = (new UserId("usr_2"), new ClientFrameId("d"));

        CommandDigest.Of(Chat with { User = user, Id = id, Node = new RecordingNode() }).Should().Equal(CommandDigest.Of(Chat));
        CommandDigest.Of(Stop with { User = user, Id = id }, Thread).Should().Equal(CommandDigest.Of(Stop, Thread));
        CommandDigest.Of(Decide with { User = user, Id = id }, Thread).Should().Equal(CommandDigest.Of(Decide, Thread));
        CommandDigest.Of(Select with { User = user, Id = id }, Thread).Should().Equal(CommandDigest.Of(Select, Thread));
        CommandDigest.Of(Feedback with { User = user, Id = id }, Thread).Should().Equal(CommandDigest.Of(Feedback, Thread));
    }

    [Fact]
    public void It_is_what_earlier_versions_kept_with_a_command() => Convert.ToHexStringLower(CommandDigest.Of(Stop, Thread)).Should().HaveLength(64)
        .And.Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([4, 0, 0, 0, .. "stop"u8, 5, 0, 0, 0, .. "thr_1"u8, 5, 0, 0, 0, .. "run_1"u8])));
}
