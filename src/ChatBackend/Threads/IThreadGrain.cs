using ChatBackend.Protocol;
using Orleans.Concurrency;

namespace ChatBackend.Threads;

/// <summary>The one writer of a thread, somewhere in the cluster. Every verb checks that the thread is the user's.</summary>
[Alias("chat.thread")]
internal interface IThreadGrain : IGrainWithStringKey
{
    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> Chat(ChatCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> Stop(StopCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened. Says who was faster, if somebody was.</exception>
    Task<CommandReply> Decide(DecideCommand command);

    /// <summary>Creates the thread, of which this is the first call, without a message.</summary>
    Task Create(UserId user, string? title);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task Rename(UserId user, string title);

    /// <summary>Takes the thread away for good, ends its run and tells every follower. Returns when the run has ended; what the store still holds is erased after that.</summary>
    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task Delete(UserId user);

    /// <summary>Publishes to <paramref name="node"/> from now on, for a lease; the same call renews it. Snapshot and subscription are one step.</summary>
    /// <exception cref="ProtocolException">Not the user's.</exception>
    Task<ThreadSnapshot> Subscribe(UserId user, long afterSeq, INodeObserver node);

    Task Unsubscribe(INodeObserver node);

    /// <summary>Opens the thread, and with it ends or goes on with what an earlier writer left open. Throws what keeps it from that.</summary>
    Task Adopt();
}

/// <summary>One per node: takes what the threads followed there publish.</summary>
internal interface INodeObserver : IGrainObserver
{
    Task Publish(ThreadBatch batch);
}

/// <param name="Thread">The thread the client named; null when it named none and the id of this grain was issued for the command.</param>
/// <param name="Node">The sender's node, which follows a thread that is created from its first event on; null when the thread is there already.</param>
[GenerateSerializer, Immutable, Alias("chat.chat")]
internal sealed record ChatCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] string Content,
    [property: Id(3)] string? Agent,
    [property: Id(4)] WhenRunning WhenRunning,
    [property: Id(5)] ThreadId? Thread,
    [property: Id(6)] INodeObserver? Node,
    [property: Id(7)] MessageId? Replaces)
{
    public bool Creates => Thread is null;
}

/// <param name="Message">Takes this message back, instead of ending whichever run is open.</param>
[GenerateSerializer, Immutable, Alias("chat.stop")]
internal sealed record StopCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] RunId? Run,
    [property: Id(3)] MessageId? Message);

[GenerateSerializer, Immutable, Alias("chat.decide")]
internal sealed record DecideCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] CallId Call,
    [property: Id(3)] string ArgumentsDigest,
    [property: Id(4)] ApprovalDecision Decision,
    [property: Id(5)] string? Note);

/// <param name="Ack">The <c>ack</c> frame, encoded.</param>
/// <param name="Thread">The thread the command took effect in; for a retry, the one of the first time.</param>
/// <param name="Seq">The event it became; 0 when it became none.</param>
[GenerateSerializer, Immutable, Alias("chat.reply")]
internal sealed record CommandReply(
    [property: Id(0)] byte[] Ack,
    [property: Id(1)] ThreadId Thread,
    [property: Id(2)] long Seq);

/// <summary>A thread at one moment, as a follower joins it.</summary>
/// <param name="Recent">The last events, in order, up to <paramref name="Head"/>; not all of them.</param>
[GenerateSerializer, Immutable, Alias("chat.snapshot")]
internal sealed record ThreadSnapshot(
    [property: Id(0)] UserId Owner,
    [property: Id(1)] long Head,
    [property: Id(2)] EncodedEvent[] Recent,
    [property: Id(3)] PartText? Part);

/// <param name="Json">The event as it goes over the wire.</param>
/// <param name="EndsPart">The part in flight is in this event, or over.</param>
[GenerateSerializer, Immutable, Alias("chat.event")]
internal readonly record struct EncodedEvent(
    [property: Id(0)] long Seq,
    [property: Id(1)] byte[] Json,
    [property: Id(2)] bool EndsPart);

/// <summary>Text of a part in flight from a position on; also a delta.</summary>
[GenerateSerializer, Immutable, Alias("chat.part")]
internal sealed record PartText(
    [property: Id(0)] RunId Run,
    [property: Id(1)] PartId Part,
    [property: Id(2)] PartKind Kind,
    [property: Id(3)] int Offset,
    [property: Id(4)] string Text);

/// <summary>What happened in a thread, in order. Either member of an item is set, never both.</summary>
/// <param name="Moved">The writer gives up; subscribe again.</param>
/// <param name="Deleted">There is no such thread any more.</param>
[GenerateSerializer, Immutable, Alias("chat.batch")]
internal sealed record ThreadBatch(
    [property: Id(0)] ThreadId Thread,
    [property: Id(1)] PublishedItem[] Items,
    [property: Id(2)] bool Moved,
    [property: Id(3)] bool Deleted = false);

/// <param name="Head">For a delta: the thread's head when the text was said. Tells one that is overtaken from one that is ahead.</param>
[GenerateSerializer, Immutable, Alias("chat.item")]
internal readonly record struct PublishedItem(
    [property: Id(0)] EncodedEvent Event,
    [property: Id(1)] PartText? Delta,
    [property: Id(2)] long Head);
