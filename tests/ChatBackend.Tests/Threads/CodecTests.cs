using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace ChatBackend.Tests.Threads;

/// <summary>What goes from one node to another arrives as it was.</summary>
public sealed class CodecTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer(serializer => serializer.AddAssembly(typeof(ThreadBatch).Assembly)).BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Every_id_and_every_member_arrives()
    {
        var text = new PartText(new RunId("run_1"), new PartId("part_1"), PartKind.Thinking, 3, "text");
        var chat = new ChatCommand(new UserId("usr_1"), new ClientFrameId("c1"), "hello", "agent", WhenRunning.Steer, new ThreadId("thr_1"), null, new MessageId("msg_1"));
        var stop = new StopCommand(new UserId("usr_1"), new ClientFrameId("c1"), new RunId("run_1"), new MessageId("msg_1"));
        var decide = new DecideCommand(new UserId("usr_1"), new ClientFrameId("c1"), new CallId("call_1"), "sha256:1", ApprovalDecision.Reject, "note");

        Sent(text).Should().Be(text);
        Sent(chat).Should().Be(chat);
        Sent(stop).Should().Be(stop);
        Sent(decide).Should().Be(decide);
        var snapshot = Sent(new ThreadSnapshot(new UserId("usr_1"), 7, [new EncodedEvent(7, [1, 2], true)], text));
        (snapshot.Owner.Value, snapshot.Head, snapshot.Part).Should().Be(("usr_1", 7, text));
        (snapshot.Recent[0].Seq, snapshot.Recent[0].EndsPart, snapshot.Recent[0].Json[1]).Should().Be((7, true, 2));
        var batch = Sent(new ThreadBatch(new ThreadId("thr_1"), [new PublishedItem(default, text, 5)], Moved: true, Deleted: true));
        (batch.Thread.Value, batch.Moved, batch.Deleted, batch.Items[0].Delta, batch.Items[0].Head).Should().Be(("thr_1", true, true, text, 5));
        var reply = Sent(new CommandReply([1], new ThreadId("thr_1"), 9));
        (reply.Ack[0], reply.Thread.Value, reply.Seq).Should().Be((1, "thr_1", 9));
    }

    private T Sent<T>(T value)
    {
        var serializer = _services.GetRequiredService<Serializer>();
        return serializer.Deserialize<T>(serializer.SerializeToArray(value))!;
    }
}
