using ChatBackend.Protocol;

namespace ChatBackend.Benchmarks.Rivals;

/// <summary>A message that was accepted, and the run that is to answer it.</summary>
internal sealed record Question(MessageId Message, RunId Run, ThreadId Thread, string Content, RivalAgent Agent)
{
    public static Question New(ThreadId thread, string content, RivalAgent agent) =>
        new(MessageId.New(), RunId.New(), thread, content, agent);

    /// <summary>As the event that followers get; the thread stamps it.</summary>
    public UserMessage Asked(ClientFrameId id, string? agent) =>
        new() { MessageId = Message, Content = Content, ClientId = id, Agent = agent };

    public Ack Accepted(ClientFrameId id, long seq) =>
        new() { Id = id, Status = AckStatus.Accepted, ThreadId = Thread, Seq = seq, MessageId = Message, RunId = Run };
}
