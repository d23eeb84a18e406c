using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads;

/// <summary>What each command of a thread needs: its effect, once, and what an earlier one of the same id led to. Under the writer's lock.</summary>
internal sealed class CommandAppends(ThreadId thread, ThreadWriter writer, IEventLog log)
{
    /// <summary>The thread's event of this id; null when there is none of this type (any more).</summary>
    public async Task<TEvent?> FindAsync<TEvent>(string id) where TEvent : ThreadEvent =>
        await log.FindEventAsync(thread, id, CancellationToken.None) is { } seq
        && await log.ReadAsync(thread, seq - 1, 1, 1, CancellationToken.None) is [var stored]
        && stored.Seq == seq
            ? stored.Decode(thread) as TEvent
            : null;

    /// <param name="uncounted">As the writer's.</param>
    public async Task<CommandEffect> AppendAsync(
        IReadOnlyList<ThreadEvent> events, UserId user, byte[] digest, Ack ack, UserId? creator = null, IReadOnlyList<MessageSpan>? uncounted = null)
    {
        var record = new CommandRecord(user, ack.Id, digest, WireJson.Encode(ack));
        return await writer.AppendAsync(events, record, creator: creator, uncounted: uncounted) switch
        {
            AppendResult.Appended => new CommandEffect(new CommandReply(record.Ack.ToArray(), thread, ack.Seq ?? 0), ack, IsNew: true),
            AppendResult.CommandKnown known => Earlier(known.Earlier, digest),
            _ => throw ProtocolException.Unavailable(), // another writer has the thread; the next call finds it
        };
    }

    /// <summary>Null when the user's command of this id had no effect before.</summary>
    public async Task<CommandEffect?> EarlierAsync(UserId user, ClientFrameId id, byte[] digest) =>
        await log.FindCommandAsync(user, id, CancellationToken.None) is { } earlier ? Earlier(earlier, digest) : null;

    private static CommandEffect Earlier(CommandRecord earlier, byte[] digest)
    {
        if (!earlier.Digest.Span.SequenceEqual(digest))
        {
            throw new ProtocolException(ErrorCode.IdConflict, "This id was already used for another command.");
        }

        var ack = (Ack)WireJson.DecodeServerFrame(earlier.Ack.Span) with { Status = AckStatus.Duplicate };
        return new CommandEffect(new CommandReply(WireJson.Encode(ack), ack.ThreadId!.Value, ack.Seq ?? 0), ack, IsNew: false);
    }
}
