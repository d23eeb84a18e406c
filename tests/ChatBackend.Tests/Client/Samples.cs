using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;

namespace ChatBackend.Tests.Client;

/// <summary>Frames of one thread with one run, for tests to put in any order.</summary>
internal static class Samples
{
    public static readonly ThreadId TheThread = new("thr_1");
    public static readonly RunId Run = new("run_1");
    public static readonly PartId Part = new("part_1");
    public static readonly MessageId Question = new("msg_1");
    public static readonly CallId Call = new("call_1");
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    public static ConnectionEstablished Established() => new()
    {
        ConnectionId = ConnectionId.New(),
        UserId = new UserId("usr_1"),
        ServerTime = At,
        HeartbeatSeconds = 15,
        Agents = ["demo"],
        Limits = new ConnectionLimits
        {
            MaxMessageBytes = 65536,
            MaxPendingCommands = 16,
            MaxPendingBytes = 65536,
            MaxFollowedThreads = 16,
            MaxQueuedMessages = 16,
            MaxOutboxBytes = 65536,
            SendTimeoutSeconds = 15,
        },
    };

    public static UserMessage Message(long seq, string content = "hello") =>
        new() { ThreadId = TheThread, Seq = seq, At = At, MessageId = Question, Content = content, ClientId = new ClientFrameId("c_1") };

    public static AgentStarted Started(long seq, RunId? run = null) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = run ?? Run, Agent = "demo", MessageId = Question };

    public static AgentDelta Delta(int offset, string text, PartId? part = null) =>
        new() { ThreadId = TheThread, RunId = Run, PartId = part ?? Part, Offset = offset, Text = text };

    public static AgentThinking Thinking(int offset, string text, PartId part) =>
        new() { ThreadId = TheThread, RunId = Run, PartId = part, Offset = offset, Text = text };

    public static AgentPart Ended(long seq, string text, PartId? part = null, PartKind kind = PartKind.Text) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = Run, PartId = part ?? Part, Kind = kind, Text = text };

    public static ToolExecuting Executing(long seq) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = Run, CallId = Call, Tool = "clock", Arguments = JsonElement.Parse("""{"zone":"UTC"}""") };

    public static ToolCompleted Executed(long seq) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = Run, CallId = Call, Tool = "clock", Outcome = ToolOutcome.Succeeded, Result = JsonElement.Parse("\"09:30\""), DurationMs = 3 };

    public static AgentCompleted Completed(long seq, string content, PartId? part = null, RunId? run = null) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = run ?? Run, MessageId = new MessageId("msg_2"), PartId = part, Content = content, DurationMs = 5 };

    public static AgentFailed Interrupted(long seq) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = Run, Code = RunFailure.Interrupted, Message = "The server stopped.", Retryable = true };

    public static ApprovalRequired Required(long seq) => new()
    {
        ThreadId = TheThread, Seq = seq, At = At, RunId = Run, CallId = Call, Tool = "mail", Arguments = JsonElement.Parse("""{"to":"ada"}"""),
        ArgumentsDigest = "sha256:1", ExpiresAt = At,
    };

    public static ApprovalDecided Decided(long seq, ApprovalDecision decision) =>
        new() { ThreadId = TheThread, Seq = seq, At = At, RunId = Run, CallId = Call, Decision = decision, DecidedBy = new UserId("usr_1") };

    public static CaughtUp CaughtUp(long seq) => new() { ThreadId = TheThread, Seq = seq };

    public static Ack Ack(ClientCommand command, long seq = 1, AckStatus status = AckStatus.Accepted) =>
        new() { Id = command.Id, Status = status, ThreadId = TheThread, Seq = seq, MessageId = Question };
}
