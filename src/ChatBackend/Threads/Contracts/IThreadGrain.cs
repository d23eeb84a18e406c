using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Runs;

namespace ChatBackend.Threads.Contracts;

/// <summary>The one writer of a thread, somewhere in the cluster. Every verb checks that the thread is the user's.</summary>
[Alias("chat.thread")]
internal interface IThreadGrain : IGrainWithStringKey
{
    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> Chat(ChatCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> Stop(StopCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened. Names the earlier decision, if there was one.</exception>
    Task<CommandReply> Decide(DecideCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> SelectBranch(SelectBranchCommand command);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    Task<CommandReply> GiveFeedback(FeedbackCommand command);

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
    Task Recover();
}
