using System.Security.Claims;
using ChatBackend.Protocol;
using Orleans.Concurrency;

namespace ChatBackend.Threads.Contracts;

/// <param name="Thread">The thread the client named; null when it named none and the id of this grain was issued for the command.</param>
/// <param name="Node">The sender's node, which follows a thread that is created from its first event on; null when the thread is there already.</param>
/// <param name="Sender">The user with all claims, for the tools of the run. Not part of the command: a retry may bring others.</param>
/// <param name="TraceParent">The span of the command, as W3C writes it; null where it is not traced. Not part of the command either.</param>
[GenerateSerializer, Immutable, Alias("chat.chat")]
internal sealed record ChatCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] string Content,
    [property: Id(3)] string? Agent,
    [property: Id(4)] WhenRunning WhenRunning,
    [property: Id(5)] ThreadId? Thread,
    [property: Id(6)] INodeObserver? Node,
    [property: Id(7)] MessageId? Replaces,
    [property: Id(8)] ClaimsPrincipal? Sender = null,
    [property: Id(9)] string? TraceParent = null)
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

[GenerateSerializer, Immutable, Alias("chat.select_branch")]
internal sealed record SelectBranchCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] MessageId Message);

/// <param name="Message">Of the answer.</param>
[GenerateSerializer, Immutable, Alias("chat.feedback")]
internal sealed record FeedbackCommand(
    [property: Id(0)] UserId User,
    [property: Id(1)] ClientFrameId Id,
    [property: Id(2)] MessageId Message,
    [property: Id(3)] FeedbackRating Rating,
    [property: Id(4)] string? Note);

/// <param name="Ack">The <c>ack</c> frame, encoded.</param>
/// <param name="Thread">The thread the command took effect in; for a retry, the one of the first time.</param>
/// <param name="Seq">The event it became; 0 when it became none.</param>
[GenerateSerializer, Immutable, Alias("chat.reply")]
internal sealed record CommandReply(
    [property: Id(0)] byte[] Ack,
    [property: Id(1)] ThreadId Thread,
    [property: Id(2)] long Seq);
