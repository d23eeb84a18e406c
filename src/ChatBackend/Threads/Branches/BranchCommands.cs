using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads.Branches;

/// <summary>Makes another branch of a thread the active one, under the writer's lock.</summary>
internal sealed class BranchCommands(ThreadId thread, ThreadWriter writer, IEventLog log)
{
    private readonly CommandAppends _appends = new(thread, writer, log);
    private readonly BranchReader _branches = new(thread, log);

    /// <exception cref="ProtocolException">Refused; nothing happened.</exception>
    public async Task<CommandEffect> SelectAsync(SelectBranchCommand command)
    {
        var digest = CommandDigest.Of(command, thread);
        if (!writer.IsOwnedBy(command.User))
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw ProtocolException.NotFound();
        }

        var state = writer.State!;
        if (await _appends.FindAsync<UserMessage>(command.Message.Value) is not { } message)
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest) ?? throw new ProtocolException(ErrorCode.NotFound, "The message to go to was not found.");
        }

        if (state.IsBusy)
        {
            return await _appends.EarlierAsync(command.User, command.Id, digest)
                ?? throw new ProtocolException(ErrorCode.RunInProgress, "The agent is still answering. Another branch can be chosen when it has ended.");
        }

        var branch = await _branches.ReadAsync(message, state);
        var ack = new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = thread, Seq = branch is null ? null : state.Head + 1, MessageId = command.Message };
        return await _appends.AppendAsync(branch?.Change.Events ?? [], command.User, digest, ack, uncounted: branch?.Change.Uncounted);
    }
}
