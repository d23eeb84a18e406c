using ChatBackend.Protocol;
using Orleans.Concurrency;

namespace ChatBackend.Threads.Contracts;

/// <summary>One per node: takes what the threads followed there publish.</summary>
internal interface INodeObserver : IGrainObserver
{
    Task Publish(ThreadBatch batch);
}

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

/// <summary>How far a tool call is: for those who follow now, not for those who follow later.</summary>
/// <param name="Json">The frame as it goes over the wire.</param>
[GenerateSerializer, Immutable, Alias("chat.progress")]
internal sealed record ProgressReport(
    [property: Id(0)] CallId Call,
    [property: Id(1)] byte[] Json);

/// <summary>What happened in a thread, in order. Of an item either the event, the delta or the progress is set.</summary>
/// <param name="Moved">The writer gives up; subscribe again.</param>
/// <param name="Deleted">There is no such thread any more.</param>
[GenerateSerializer, Immutable, Alias("chat.batch")]
internal sealed record ThreadBatch(
    [property: Id(0)] ThreadId Thread,
    [property: Id(1)] PublishedItem[] Items,
    [property: Id(2)] bool Moved,
    [property: Id(3)] bool Deleted = false);

/// <param name="Head">For a delta and for progress: the thread's head when it was said. Tells one that is overtaken from one that is ahead.</param>
[GenerateSerializer, Immutable, Alias("chat.item")]
internal readonly record struct PublishedItem(
    [property: Id(0)] EncodedEvent Event,
    [property: Id(1)] PartText? Delta,
    [property: Id(2)] long Head,
    [property: Id(3)] ProgressReport? Progress = null);
